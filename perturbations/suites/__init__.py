"""Named grids of corruptions: built-in ones, and a user's own from a YAML file."""

from perturbations.suites.files import as_yaml, load_suite, suite_names, suite_text
from perturbations.suites.suite import Condition, Suite

__all__ = ["Condition", "Suite", "as_yaml", "load_suite", "suite_names", "suite_text"]

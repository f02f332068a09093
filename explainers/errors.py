"""What goes wrong on this floor."""

from perturbations.errors import UserError


class ExplanationError(UserError):
    """A method, a target or an explanation cannot be used as asked."""


class NotFiniteScore(ExplanationError):  # noqa: N818
    """The model's answer is NaN or infinite."""

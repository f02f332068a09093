"""What goes wrong on this floor."""

from perturbations.errors import UserError


class AudioError(UserError):
    """A recording cannot be read, written or used."""


class ModelError(UserError):
    """A classifier or its weights cannot be loaded or used."""


class SweepError(UserError):
    """A sweep cannot be planned, run or read."""


class MetricError(UserError):
    """Scores or labels from which a metric cannot be computed."""


class CorpusError(UserError):
    """A corpus cannot be built or read."""

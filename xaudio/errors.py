"""What goes wrong on this floor."""

from explainers.errors import NotFiniteScore
from perturbations.errors import UserError


class AudioError(UserError):
    """A recording cannot be read, written or used."""


class ModelError(UserError):
    """A classifier or its weights cannot be loaded or used."""


class NotFiniteAnswer(ModelError, NotFiniteScore):  # noqa: N818
    """A classifier answers with NaN or infinite logits."""


class SweepError(UserError):
    """A sweep cannot be planned, run or read."""


class MetricError(UserError):
    """Scores or labels from which a metric cannot be computed."""


class CorpusError(UserError):
    """A corpus cannot be built or read."""

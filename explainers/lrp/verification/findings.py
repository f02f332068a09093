"""What a check found: passed, failed, a warning, or why it could not be checked."""

import math
from dataclasses import dataclass

from explainers.errors import ExplanationError

PASSED = "passed"
FAILED = "failed"
WARNING = "warning"
UNCHECKED = "not checked"


class CannotCheck(ExplanationError):  # noqa: N818 - a reason, not a fault
    """A check does not apply to this model, or cannot be made; the message says why."""


class CannotRun(CannotCheck):
    """The model runs plainly, and fails while its operations are answered by rules."""


class CutOff(CannotCheck):
    """Nothing that has a gradient leads from the samples to the score."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question about a model.

    Attributes:
        status: ``passed``, ``failed``, ``warning`` or ``not checked``.
        figure: What was measured; None where there is no number.
        tolerance: The largest figure that passes; None where there is none.
        detail: What the figure is, or what is wrong and what would help.
        question: What was asked, in a few words.
    """

    status: str
    figure: float | None
    tolerance: float | None
    detail: str
    question: str = ""


def measured(figure: float, tolerance: float, detail: str) -> Finding:
    """Passed where the figure is within the tolerance; a figure that is no number fails.

    >>> measured(float("nan"), 1e-5, "").status
    'failed'
    """
    return Finding(PASSED if _within(figure, tolerance) else FAILED, figure, tolerance, detail)


def counted(faults: int, detail: str) -> Finding:
    """Passed where there is no fault."""
    return measured(float(faults), 0.0, detail)


def noticed(figure: float, tolerance: float, detail: str) -> Finding:
    """As `measured`, for what may be right and still should be known.

    >>> noticed(2.0, 1.0, "").status
    'warning'
    """
    return Finding(PASSED if _within(figure, tolerance) else WARNING, figure, tolerance, detail)


def _within(figure: float, tolerance: float) -> bool:
    return math.isfinite(figure) and figure <= tolerance

"""All checks of one model, and what they found."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from jaxtyping import Float
from torch import Tensor

from explainers.explainer import ExplainableModel
from explainers.lrp.composites import Composite, load_composite
from explainers.lrp.trail import Unknown
from explainers.lrp.verification.accounts import Balance, Row, Sink, balance, rows, sinks
from explainers.lrp.verification.checks import CHECKS, answer_of, module_untouched, most_exact
from explainers.lrp.verification.clips import speech_like
from explainers.lrp.verification.coverage import OperationMet, operations_met
from explainers.lrp.verification.findings import FAILED, Finding
from explainers.lrp.verification.passes import Bench
from explainers.lrp.verification.state import module_state

Tell = Callable[[int, int], object]


@dataclass(frozen=True)
class Verification:
    """What the checks of one model found.

    Attributes:
        target: Which number was explained.
        composite: By which rules.
        findings: One per check.
        account: Of the whole run; None where there is no relevance.
        rows: The account of every operation, in the order of the calls.
        operations: Every kind of operation on the path, and its rule.
        unknown: Operations on the path without a rule.
        sinks: Where relevance went that did not reach the samples, the largest first.
    """

    target: str
    composite: str
    findings: tuple[Finding, ...]
    account: Balance | None = None
    rows: tuple[Row, ...] = ()
    operations: tuple[OperationMet, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    sinks: tuple[Sink, ...] = ()

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The checks that failed."""
        return tuple(one for one in self.findings if one.status == FAILED)

    @property
    def passed(self) -> bool:
        """Whether no check failed; warnings, and what could not be checked, are no failures."""
        return not self.failed

    def summary(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {"passed": self.passed, **asdict(self)}


def verify(
    model: ExplainableModel,
    clips: Float[Tensor, "batch time"] | None = None,
    composite: str | Composite = "epsilon",
    target: str | None = None,
    tell: Tell | None = None,
) -> Verification:
    """Check a model: its output, its relevance, and what they depend on.

    Args:
        model: With a module; it is left as it was.
        clips: At the model's rate; the first is looked at closely. One is joined by two made
            from it; where none is given, two seconds of speech-like noise are made.
        composite: The rules, or their name.
        target: As in `explainers.targets`; the model's default where none is given.
        tell: Told how many steps are done, and of how many.

    Raises:
        ExplanationError: The model has no gradients, or there is no such composite or target.
    """
    rules = load_composite(composite) if isinstance(composite, str) else composite
    bench = Bench(model, speech_like(model.sample_rate) if clips is None else clips, rules, target)
    tell = tell or _nobody
    before = module_state(bench.module)
    spec = bench.target.spec  # runs the model plainly, so that its own errors come first
    plain = module_state(bench.module)
    findings = []
    for done, question in enumerate(CHECKS):
        tell(done, len(CHECKS))
        findings.append(answer_of(question, bench))
    tell(len(CHECKS), len(CHECKS))
    findings.append(module_untouched(before, plain, module_state(bench.module)))
    return _gathered(bench, Verification(spec, rules.name, tuple(findings)))


def _gathered(bench: Bench, known: Verification) -> Verification:
    """What can be told beside the findings, as far as the runs got."""
    try:
        found = bench.first if bench.first.relevance is None else most_exact(bench)[0]
    except Exception:  # the findings tell of it
        return known
    operations = tuple(operations_met(found, bench.composite))
    if found.relevance is None:
        return replace(known, operations=operations, unknown=tuple(found.unknown))
    return replace(
        known,
        account=balance(found),
        rows=tuple(rows(found)),
        operations=operations,
        sinks=tuple(sinks(found)),
    )


def _nobody(_done: int, _planned: int) -> None:
    """Told by nobody who asked."""

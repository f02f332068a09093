"""Running a model under the relevance mode, and keeping all that the run can tell."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import ExplainableModel
from explainers.lrp.composites import Composite
from explainers.lrp.errors import UnknownOperation
from explainers.lrp.ledger import Flow
from explainers.lrp.mode import LRP
from explainers.lrp.rules import LinearRule
from explainers.lrp.trail import Unknown
from explainers.lrp.verification.clips import with_companions, with_faint_noise, with_silence
from explainers.lrp.verification.findings import CannotCheck, CannotRun, CutOff
from explainers.targets import Target, resolve_targets
from perturbations.errors import UserError


@dataclass(frozen=True)
class WatchedComposite(Composite):
    """A composite that remembers which rule it gave for which operation.

    Attributes:
        inner: The composite that is watched.
        given: Every operation that asked for a rule, and the rule.
        runs: The run that asks, once it is there.
    """

    inner: Composite = field(default_factory=lambda: Composite("none"))
    given: list[tuple[Flow, LinearRule]] = field(default_factory=list)
    runs: list[LRP] = field(default_factory=list)

    def rule_for(
        self, kind: Literal["dense", "convolution"], place: str, first: bool
    ) -> LinearRule:
        """The rule of one layer."""
        rule = self.inner.rule_for(kind, place, first)
        # The operation that asks is the last one that the run has met.
        self.given.extend((run.flows[-1], rule) for run in self.runs)
        return rule


@dataclass(frozen=True)
class Pass:
    """One run of the model forward, and back by the rules.

    Attributes:
        logits: Of the run.
        scores: The target for each clip.
        relevance: Of the samples; None where an operation has no rule.
        coefficient: Relevance is the clip times this; None where a rule gives relevance itself.
        flows: Every operation on the path.
        rules: Operations with weights, and the rules they were given.
        unknown: Operations on the path without a rule.
    """

    logits: Float[Tensor, "batch classes"]
    scores: Float[Tensor, " batch"]
    relevance: Float[Tensor, "batch time"] | None
    coefficient: Float[Tensor, "batch time"] | None
    flows: Sequence[Flow]
    rules: Sequence[tuple[Flow, LinearRule]]
    unknown: Sequence[Unknown]

    @property
    def found(self) -> Float[Tensor, "batch time"]:
        """The relevance.

        Raises:
            CannotCheck: There is none.
        """
        if self.relevance is None:
            raise CannotCheck("there is no relevance while operations have no rule")
        return self.relevance


def run_pass(
    model: ExplainableModel,
    clips: Float[Tensor, "batch time"],
    target: Target,
    composite: Composite,
    metered: bool = False,
) -> Pass:
    """Run the model on the clips and take the target back to their samples.

    Raises:
        UnknownOperation: An operation without a rule stopped the model itself.
        CannotRun: The model fails in the run.
        CutOff: No gradient leads from the samples to the target.
    """
    watched = _watched(composite)
    run = LRP(watched, model.module, metered=metered)
    watched.runs.append(run)
    samples = clips.detach().clone().requires_grad_()
    try:
        with torch.enable_grad(), run:
            logits = model(samples.clone())
            scores = target(logits)
    except (UnknownOperation, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # it runs without the rules, so this is a fault to be told
        raise CannotRun(first_line(error)) from error
    if not scores.requires_grad:
        raise CutOff(
            "no gradient leads from the samples to the score: the model detaches it, runs without "
            "gradients, or leaves torch"
        )
    unknown = run.unknown(scores)
    relevance = coefficient = None
    if not unknown:
        relevance, coefficient = run.propagate(scores, samples)
    return Pass(
        logits.detach(),
        scores.detach(),
        relevance,
        coefficient,
        run.flows[1:],  # the first is the clone above
        watched.given,
        unknown,
    )


class Bench:
    """A model, clips for it, and the runs that several checks look at.

    Attributes:
        model: What is checked.
        module: Its module.
        clips: ``[batch, time]`` on the module's device; the first is what most checks look at.
        composite: The rules.
    """

    def __init__(
        self,
        model: ExplainableModel,
        clips: Float[Tensor, "batch time"],
        composite: Composite,
        target: str | None,
    ) -> None:
        if model.module is None:
            raise ExplanationError(
                "This model has no gradients, so there is no relevance to check; methods that "
                "need none, such as occlusion, can explain it."
            )
        self.model, self.module, self.composite = model, model.module, composite
        device = next((one.device for one in self.module.parameters()), clips.device)
        self.clips = (with_companions(clips) if len(clips) == 1 else clips).float().to(device)
        self._spec = target or model.default_target

    @property
    def clip(self) -> Float[Tensor, "one time"]:
        """The first clip."""
        return self.clips[:1]

    @cached_property
    def plain(self) -> Float[Tensor, "one classes"]:
        """The model's own logits for the clip."""
        return plain_logits(self.model, self.clip)

    @cached_property
    def target(self) -> Target:
        """What is read from the logits: for ``decided`` what the model decides about the clip."""
        return resolve_targets(self._spec, self.model.labels, self.plain)[0]

    def run(self, clips: Float[Tensor, "batch time"]) -> Pass:
        """A run on these clips."""
        return run_pass(self.model, clips, self.target, self.composite)

    @cached_property
    def _first(self) -> Pass | ExplanationError:
        try:
            return self.run(self.clip)
        except ExplanationError as error:
            return error

    @property
    def first(self) -> Pass:
        """A run on the clip; what went wrong in it is raised each time anew."""
        if isinstance(self._first, ExplanationError):
            raise self._first
        return self._first

    @cached_property
    def again(self) -> Pass:
        """The same run once more."""
        return self.run(self.clip)

    @cached_property
    def together(self) -> Pass:
        """A run on all clips at once."""
        return self.run(self.clips)

    @cached_property
    def alone(self) -> list[Pass]:
        """A run on every clip by itself."""
        return [self.first, *(self.run(clip[None]) for clip in self.clips[1:])]

    @cached_property
    def padded_score(self) -> float:
        """The score of the clip with silence after it.

        Raises:
            CannotCheck: The model takes clips of one length only.
        """
        try:
            logits = plain_logits(self.model, with_silence(self.clip))
        except Exception as error:  # a model of one length refuses in its own way
            raise CannotCheck(f"it does not take a longer clip: {first_line(error)}") from error
        return float(self.target(logits)[0])

    @cached_property
    def padded(self) -> Pass:
        """A run on the clip with faint noise after it."""
        _ = self.padded_score
        return self.run(with_faint_noise(self.clip))

    @cached_property
    def metered(self) -> Pass:
        """A run on the clip whose operations tell what they are given and hand on."""
        return run_pass(self.model, self.clip, self.target, self.composite, metered=True)

    @cached_property
    def double(self) -> ExplainableModel:
        """A copy of the model in double precision; the model itself is not cast.

        Raises:
            CannotCheck: It cannot be copied, or does not compute in double precision.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = copy.deepcopy(self.model)
                assert model.module is not None
                model.module.double()
            logits = plain_logits(model, self.clip.double())
        except Exception as error:  # whatever a model does when it is copied or cast
            raise CannotCheck(f"no copy of it runs in float64: {first_line(error)}") from error
        if logits.dtype != torch.float64:
            raise CannotCheck(
                f"a copy in float64 answers in {str(logits.dtype).removeprefix('torch.')}"
            )
        return model

    @cached_property
    def exact(self) -> Pass:
        """As `metered`, by the copy in double precision."""
        clip = self.clip.double()
        return run_pass(self.double, clip, self.target, self.composite, metered=True)


def plain_logits(
    model: ExplainableModel, clips: Float[Tensor, "batch time"]
) -> Float[Tensor, "batch classes"]:
    """The model's logits as it gives them to anybody."""
    with torch.no_grad():
        return model(clips.clone())


def first_line(error: Exception) -> str:
    """The error in one line, with its class where its words may not do."""
    text = str(error).strip().splitlines()
    known = isinstance(error, UserError)
    return text[0] if known and text else f"{type(error).__name__}: {text[0] if text else ''}"


def _watched(composite: Composite) -> WatchedComposite:
    rules: dict[str, Any] = {one.name: getattr(composite, one.name) for one in fields(Composite)}
    return WatchedComposite(**rules, inner=composite)

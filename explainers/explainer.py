"""The one protocol all methods share, what they need of a model, and the registry."""

import platform
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from explainers.errors import ExplanationError, NotFiniteScore
from explainers.explanation import Explanation
from explainers.targets import Target
from perturbations.registry import Registry

Progress = Callable[[float], None]


@dataclass(frozen=True)
class FrameEvidence:
    """A model's own logits over time, before it pools them.

    Attributes:
        logits: Per frame and class.
        start: Where frame 0 begins, in seconds.
        step: Frame i covers ``start + i * step`` to ``start + (i + 1) * step`` seconds.
    """

    logits: Float[Tensor, "batch frames classes"]
    start: float
    step: float


@runtime_checkable
class ExplainableModel(Protocol):
    """What an explainer may ask of a model; plain attributes will do."""

    @property
    def sample_rate(self) -> int:
        """Of the waveforms it takes, in Hz."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """One per logit, in order."""
        ...

    @property
    def module(self) -> nn.Module | None:
        """Waveform ``[batch, time]`` to logits, the front end inside; None without gradients."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """Names that can be tapped, as in ``module.named_modules()``."""
        ...

    @property
    def default_target(self) -> str:
        """What to explain when nobody says, see `explainers.targets`."""
        ...

    def __call__(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        """Logits; differentiable with respect to the waveform where there is a module."""
        ...

    def frame_evidence(self, waveform: Float[Tensor, "batch time"]) -> FrameEvidence | None:
        """The model's own evidence over time, where it has any."""
        ...


@dataclass
class Scoring:
    """The target as a function of the waveform; counts what it scores, refuses what is not finite.

    Attributes:
        model: What gives the logits.
        target: What is read from them.
        evaluations: Clips scored so far.
    """

    model: ExplainableModel
    target: Target
    evaluations: int = 0

    def __call__(self, waveform: Float[Tensor, "batch *time"]) -> Float[Tensor, " batch"]:
        """The target for each clip, or for whatever else the model takes for clips."""
        logits = self.model(waveform)
        self.evaluations += len(waveform)
        if logits.shape != (len(waveform), len(self.model.labels)):
            raise ExplanationError(
                f"The model gave logits of shape {tuple(logits.shape)} for {len(waveform)} clips; "
                f"its {len(self.model.labels)} labels ask for one row of as many per clip."
            )
        if not torch.isfinite(logits).all():
            raise NotFiniteScore("The model gave logits that are not finite for this waveform.")
        return self.target(logits)


@dataclass(frozen=True)
class Task:
    """What a method is asked.

    Attributes:
        scoring: The target as a function of the waveform.
        waveform: The clips, on the model's device, without gradients.
        scores: The target's value for each clip.
        progress: To be told the share done, 0 to 1; it may raise to stop the work.
    """

    scoring: Scoring
    waveform: Float[Tensor, "batch time"]
    scores: Float[Tensor, " batch"]
    progress: Progress


@dataclass(frozen=True)
class Attribution:
    """What a method found for one clip: the fields of `Explanation` that only it can know.

    Attributes:
        relevance: As in `Explanation`.
        domain: As in `Explanation`.
        more: Further fields of `Explanation` by name: edges, ledger, coefficient, children.
        findings: What the method wants noted in the provenance.
    """

    relevance: Float[np.ndarray, "..."]
    domain: str = "waveform"
    more: Mapping[str, Any] = field(default_factory=dict)
    findings: Mapping[str, Any] = field(default_factory=dict)


class Explainer(ABC):
    """A method; subclasses are frozen dataclasses whose fields are its settings.

    Attributes:
        name: Of the method: ``integrated-gradients``.
        signed: Whether relevance against the target comes out negative.
        needs_gradients: Whether the model must have a module.
        summary: What it does, in one line for people.
    """

    name: ClassVar[str]
    signed: ClassVar[bool]
    needs_gradients: ClassVar[bool]
    summary: ClassVar[str]

    @abstractmethod
    def attribute(self, task: Task) -> list[Attribution]:
        """What this method finds, one per clip of the task."""

    def explain(
        self,
        model: ExplainableModel,
        waveform: Float[Tensor, "batch time"],
        target: Target,
        progress: Progress | None = None,
    ) -> list[Explanation]:
        """Explain the target for every clip of a batch; the model is left as it was.

        Args:
            model: What is explained, in evaluation mode.
            waveform: Clips of one length at the model's sample rate, amplitude in [-1, 1].
            target: Which number is explained.
            progress: Told the share done, 0 to 1; it may raise to stop the work.

        Raises:
            ExplanationError: The waveform, the model or the settings do not allow it.
        """
        _check_waveform(waveform)
        self._check_model(model)
        started = time.perf_counter()
        clips = waveform.detach().to(device_of(model, waveform))
        scoring = Scoring(model, target)
        with torch.no_grad():
            scores = scoring(clips)
        found = self.attribute(Task(scoring, clips, scores, progress or _silent))
        made_by = {
            "method": self.name,
            "settings": asdict(self),  # type: ignore[call-overload]
            "evaluations": scoring.evaluations // len(clips),
            "seconds": (time.perf_counter() - started) / len(clips),
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
        }
        return [
            self.explanation(one, scoring, waveform.shape[1], float(score), made_by)
            for one, score in zip(found, scores.tolist(), strict=True)
        ]

    def explanation(
        self,
        found: Attribution,
        scoring: Scoring,
        length: int,
        score: float,
        made_by: Mapping[str, Any],
    ) -> Explanation:
        """What was found for one clip, with all that is known beside it.

        Args:
            found: What this method found.
            scoring: The target as it was asked for.
            length: Of the clip, in samples.
            score: The target's value for the clip.
            made_by: For the provenance.
        """
        rate = scoring.model.sample_rate
        return Explanation(
            relevance=found.relevance,
            domain=found.domain,
            sample_rate=rate,
            seconds=length / rate,
            target=scoring.target.spec,
            score=score,
            method=self.name,
            signed=self.signed,
            provenance={**made_by, **found.findings},
            **found.more,
        )

    def _check_model(self, model: ExplainableModel) -> None:
        if model.module is None and self.needs_gradients:
            raise ExplanationError(
                f"The method '{self.name}' needs gradients and this model has none. Methods that "
                f"need none: {', '.join(methods_without_gradients())}."
            )
        if model.module is not None and model.module.training:
            raise ExplanationError(
                "The model is in training mode, where its answer depends on chance and on the "
                "rest of the batch; call .eval() on it first."
            )


Method = TypeVar("Method", bound=type[Explainer])

explainers: Registry[type[Explainer]] = Registry(
    "method",
    "xaudio.explainers",
    (
        "explainers.gradients",
        "explainers.lrp.explainer",
        "explainers.lrp.relatives",
        "explainers.attention",
        "explainers.cams",
        "explainers.removal.occlusion",
        "explainers.removal.two_sided",
        "explainers.removal.methods",
        "explainers.removal.replay",
        "explainers.removal.words",
        "explainers.voice.explainer",
    ),
    ExplanationError,
)


def register_explainer(method: Method) -> Method:
    """Class decorator that files a method under its name."""
    explainers.register(method.name)(method)
    return method


def load_explainer(name: str, **settings: Any) -> Explainer:
    """The method of that name with these settings, the rest at their defaults.

    Raises:
        ExplanationError: No such method or no such setting; the message lists those there are.
    """
    method = explainers.get(name)
    known = default_settings(name)
    unknown = sorted(settings.keys() - known.keys())
    if unknown:
        raise ExplanationError(
            f"The method '{name}' has no setting '{unknown[0]}'. "
            f"Its settings are: {', '.join(known) or 'none'}."
        )
    return method(**settings)


def default_settings(name: str) -> dict[str, Any]:
    """The settings of the method of that name, with their defaults."""
    method = explainers.get(name)
    return {
        setting.name: None if setting.default is MISSING else setting.default
        for setting in fields(method)  # type: ignore[arg-type]
    }


def methods_without_gradients() -> tuple[str, ...]:
    """Names of the methods that work on any function."""
    return tuple(name for name in explainers.names() if not explainers.get(name).needs_gradients)


def _silent(_: float) -> None:
    """Progress nobody asked for."""


def device_of(model: ExplainableModel, waveform: Tensor) -> torch.device:
    """Where the model's parameters are; where the waveform is, if it has none."""
    parameters = iter(()) if model.module is None else model.module.parameters()
    first = next(parameters, None)
    return waveform.device if first is None else first.device


def _check_waveform(waveform: Float[Tensor, "batch time"]) -> None:
    if waveform.ndim != 2 or waveform.numel() == 0:
        raise ExplanationError(
            f"A waveform of shape {tuple(waveform.shape)} was given; expected [batch, time] with "
            "at least one clip and one sample."
        )
    if not torch.isfinite(waveform).all():
        raise ExplanationError("The waveform has samples that are NaN or infinite; mend it first.")

"""What every explainer promises, checked on a small model; for ours and for those of others."""

import dataclasses
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from explainers.errors import ExplanationError
from explainers.explainer import ExplainableModel, Explainer, FrameEvidence
from explainers.explanation import Explanation, load_explanation
from explainers.targets import Target, parse_target

SECONDS = 0.5
RELATIVE_TOLERANCE = 1e-3
ROUNDING = 1e-5


class SmallDetector(nn.Module):
    """Two convolutions, a rectifier between them, and a mean over time; fixed random weights."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 4, kernel_size=16, stride=8)
        self.second = nn.Conv1d(4, 8, kernel_size=5, stride=2)
        self.head = nn.Linear(8, 2)
        random = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=random)
        self.eval()

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        """Logits for bona fide and spoof."""
        frames = torch.tanh(self.second(torch.relu(self.first(waveform[:, None]))))
        return self.head(frames.mean(dim=-1))


class ModuleModel:
    """The plainest explainable model: a module in evaluation mode, at a rate, with labels."""

    default_target = "spoof - bonafide"

    def __init__(
        self,
        module: nn.Module,
        sample_rate: int = 4000,
        labels: tuple[str, ...] = ("bonafide", "spoof"),
    ) -> None:
        self.module: nn.Module | None = module
        self.sample_rate = sample_rate
        self.labels = labels
        self.layers = tuple(name for name, _ in module.named_modules() if name)
        self._call = module

    def __call__(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        """The module's logits."""
        return self._call(waveform)

    def frame_evidence(
        self,
        waveform: Float[Tensor, "batch time"],  # noqa: ARG002
    ) -> FrameEvidence | None:
        """None: it keeps no evidence over time."""
        return None


def check_explainer(explainer: Explainer, model: ExplainableModel | None = None) -> None:
    """Run the method on a small model and hold it to what every method promises.

    One explanation per clip, with the clip's axes and finite relevance; a batch gives what its
    clips give alone; the same call gives the same answer; relevance is not negative where the
    method says it is unsigned; the module is left as it was; settings are in the provenance; a
    saved explanation loads back equal.

    Args:
        explainer: The method to check.
        model: A model to check it on; a small one is made where none is given.

    Raises:
        ExplanationError: A promise is broken; the message says which.
    """
    model = model or ModuleModel(SmallDetector())
    target = parse_target(_some_target(model), model.labels)
    waveform = _clips(model.sample_rate)
    before = _fingerprint(model)
    together = explainer.explain(model, waveform, target)
    again = explainer.explain(model, waveform, target)
    alone = [explainer.explain(model, clip[None], target)[0] for clip in waveform]
    _hold(explainer, "leaves the model as it was", _fingerprint(model) == before)
    _hold(explainer, "gives one explanation per clip", len(together) == len(waveform))
    _hold(explainer, "gives the same answer twice", _all(_same, together, again))
    _hold(explainer, "gives a batch what its clips give alone", _all(_close, together, alone))
    for one, clip in zip(together, waveform, strict=True):
        _check_explanation(explainer, model, target, one, clip)


def _check_explanation(
    explainer: Explainer,
    model: ExplainableModel,
    target: Target,
    one: Explanation,
    clip: Float[Tensor, " time"],
) -> None:
    with torch.no_grad():
        score = float(target(model(clip[None])))
    seconds = len(clip) / model.sample_rate
    _hold(explainer, "keeps the clip's length", abs(one.seconds - seconds) < 1e-9)
    _hold(explainer, "keeps the sample rate", one.sample_rate == model.sample_rate)
    _hold(explainer, "states the target and its value", one.target == target.spec)
    _hold(explainer, "states the target's value", np.isclose(one.score, score, atol=1e-5))
    _hold(explainer, "gives finite relevance", bool(np.isfinite(one.relevance).all()))
    _hold(explainer, "finds something", bool(np.any(one.relevance)))
    unsigned = one.signed or bool((one.relevance >= 0).all())
    _hold(explainer, "is not negative where it says it is unsigned", unsigned)
    kept = np.isclose(one.over_time(0.03).total, one.total, rtol=1e-6, atol=1e-6)
    _hold(explainer, "keeps its total over time", bool(kept))
    _hold(explainer, "notes its name", one.method == explainer.name)
    settings = dataclasses.asdict(explainer)  # type: ignore[call-overload]
    _hold(explainer, "notes its settings", one.provenance.get("settings") == settings)
    with tempfile.TemporaryDirectory() as folder:
        one.save(Path(folder) / "explanation.npz")
        loaded = load_explanation(Path(folder) / "explanation.npz")
    _hold(explainer, "loads back equal", one.equals(loaded))


def _hold(explainer: Explainer, promise: str, kept: bool | np.bool_) -> None:
    if not kept:
        raise ExplanationError(
            f"The method '{explainer.name}' breaks a promise: every method {promise}."
        )


def _all(
    alike: Callable[[np.ndarray, np.ndarray], bool],
    some: list[Explanation],
    others: list[Explanation],
) -> bool:
    pairs: Iterator[tuple[Explanation, Explanation]] = zip(some, others, strict=True)
    return all(alike(one.relevance, other.relevance) for one, other in pairs)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """But for rounding: a batch size found by measurement may differ from call to call."""
    scale = float(np.abs(one).max()) * ROUNDING
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=scale)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    scale = float(np.abs(one).max()) * RELATIVE_TOLERANCE
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=scale)


def _clips(sample_rate: int) -> Float[Tensor, "batch time"]:
    random = torch.Generator().manual_seed(1)
    return 0.1 * torch.randn(2, int(SECONDS * sample_rate), generator=random)


def _some_target(model: ExplainableModel) -> str:
    named = model.default_target
    return model.labels[0] if named == "decided" else named


def _fingerprint(model: ExplainableModel) -> str:
    """A hash of all that an explainer must leave alone: weights, modes, flags, gradients, hooks."""
    module = model.module
    if module is None:
        return ""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict(keep_vars=True).items():
        state = (name, tensor.requires_grad, tensor.grad is None)
        digest.update(repr(state).encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    for name, part in module.named_modules():
        hooks = (len(part._forward_hooks), len(part._forward_pre_hooks), len(part._backward_hooks))
        digest.update(repr((name, part.training, hooks)).encode())
    return digest.hexdigest()

"""What every model becomes: a function from waveform to logits, with names for what it says."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from explainers.explainer import FrameEvidence
from perturbations.errors import UserError
from xaudio.classifiers.fit import AnyLength, Fit
from xaudio.classifiers.labels import BONAFIDE, SPOOF, canonical_labels, is_detector
from xaudio.errors import AudioError, ModelError, NotFiniteAnswer
from xaudio.models.weights import fingerprint

Forward = Callable[[Tensor], Any]


class Classifier:
    """Any model, in the one form the workbench works with.

    Attributes:
        name: What people call it.
        sample_rate: Of the waveforms it takes, in hertz.
        labels: One per logit, in the model's order; a detector's are ``spoof`` and ``bonafide``.
        module: From waveform to logits with the front end inside, in evaluation mode; None for a
            model without gradients.
        layers: Names that can be tapped, as in ``module.named_modules()``.
        fit: How clips meet the model's input length; applied in `logits`, not in `module`.
        device: Where it runs.
        summary: One line for people.

    >>> model = nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Linear(1, 2))
    >>> classifier = Classifier(model, "mean", 16000, ("fake", "real"))
    >>> classifier.labels, classifier.default_target
    (('spoof', 'bonafide'), 'spoof - bonafide')
    """

    def __init__(
        self,
        forward: nn.Module | Forward,
        name: str,
        sample_rate: int,
        labels: Sequence[str],
        fit: Fit | None = None,
        device: str | torch.device = "cpu",
        summary: str = "",
        digest: str = "",
    ):
        """Wrap a model.

        Args:
            forward: A module, or a function of ``[batch, time]`` that has no gradients.
            name: What people call it.
            sample_rate: In hertz.
            labels: One per logit.
            fit: How clips meet its input length; any length when not given.
            device: Where it is moved to and runs.
            summary: One line for people.
            digest: SHA-256 of what decides the answers beside a module's weights: the bytes of
                its file, its configuration; for a function all that can be known of it.

        Raises:
            ModelError: The labels, the rate or the device cannot be used.
        """
        if sample_rate < 1:
            raise ModelError(f"A sample rate of {sample_rate} Hz was given; expected at least 1.")
        self.name = name
        self.sample_rate = sample_rate
        self.labels = canonical_labels(labels)
        self.module = forward.eval() if isinstance(forward, nn.Module) else None
        self.fit = fit or AnyLength()
        self.summary = summary
        self._forward = forward
        self._digest = digest
        self.to(device)

    def __repr__(self) -> str:
        labels = ", ".join(self.labels)
        return f"Classifier({self.name!r}, {self.sample_rate} Hz, {labels}, {self.device})"

    @property
    def layers(self) -> tuple[str, ...]:
        """Names that can be tapped; none without a module."""
        named = self.module.named_modules() if self.module is not None else ()
        return tuple(name for name, _ in named if name)

    @property
    def is_detector(self) -> bool:
        """Whether it tells synthetic from human speech, and so has a `score`."""
        return is_detector(self.labels)

    @property
    def default_target(self) -> str:
        """What to explain when nobody says: for a detector always spoof minus bona fide."""
        return f"{SPOOF} - {BONAFIDE}" if self.is_detector else "decided"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights and of the file they came in, computed anew each time."""
        if self.module is None:
            return self._digest
        weights = fingerprint(self.module.state_dict())
        return sha256(f"{self._digest}|{weights}".encode()).hexdigest() if self._digest else weights

    def to(self, device: str | torch.device) -> "Classifier":
        """Move the model, in place, as torch does.

        Raises:
            ModelError: There is no such device.
        """
        try:
            place = torch.device(device)
            torch.ones(1, device=place).item()  # "meta" holds tensors but no numbers
            if self.module is not None:
                self.module.to(place)
        except Exception as error:  # every kind of device fails in its own class
            raise ModelError(
                f"The device '{device}' cannot be used: {_first_line(error)}. Give one that is "
                "there, such as cpu, cuda or cuda:1."
            ) from None
        self.device = place
        return self

    def with_module(self, module: nn.Module) -> "Classifier":
        """The same classifier around another module, which sees clips as this one's does."""
        return Classifier(
            module,
            self.name,
            self.sample_rate,
            self.labels,
            self.fit,
            self.device,
            self.summary,
            self._digest,
        )

    def __call__(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        """The logits; see `logits`."""
        return self.logits(waveform)

    def logits(
        self, waveform: Float[Tensor, "batch time"], lengths: Int[Tensor, "batch"] | None = None
    ) -> Float[Tensor, "batch classes"]:
        """One logit per label; differentiable in the waveform where there is a module.

        Args:
            waveform: Mono, at `sample_rate`, on any device.
            lengths: How many samples of each clip count, for a batch padded to one length. What
                lies beyond is not seen at all: each clip is then judged alone.

        Raises:
            AudioError: The waveform is empty, or holds NaN or infinite samples.
            ModelError: The model's answer is not finite or does not match its labels.
        """
        _check_waveform(waveform)
        if lengths is not None:
            counts = _checked_lengths(lengths, waveform)
            clips = zip(waveform.split(1), counts, strict=True)
            return torch.cat([self.logits(clip[:, :count]) for clip, count in clips])
        inputs = self.fit.inputs(waveform.to(self.device))
        return self.fit.merge(self._answer(inputs), len(waveform))

    def score(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch"]:
        """Logit of bona fide minus logit of spoof: higher means more likely human.

        Raises:
            ModelError: The model is no detector of synthetic speech.
        """
        if not self.is_detector:
            raise ModelError(
                f"'{self.name}' has the labels {', '.join(self.labels)}; only a detector with "
                f"'{SPOOF}' and '{BONAFIDE}' has a score. Pass labels= (--label in a shell) to say "
                "which is which."
            )
        logits = self.logits(waveform)
        return logits[:, self.labels.index(BONAFIDE)] - logits[:, self.labels.index(SPOOF)]

    def frame_evidence(self, waveform: Float[Tensor, "batch time"]) -> FrameEvidence | None:
        """The model's own logits over time; None for a model that shows none.

        Raises:
            ModelError: Its ``frame_logits`` fails or answers anything but `FrameEvidence`.
        """
        frame_logits = getattr(self.module, "frame_logits", None)
        if frame_logits is None:
            return None
        _check_waveform(waveform)
        evidence = self._asked(frame_logits, waveform.to(self.device))
        if not isinstance(evidence, FrameEvidence):
            raise ModelError(
                f"The frame_logits of '{self.name}' answered {type(evidence).__name__}; expected "
                "explainers.explainer.FrameEvidence, with logits [batch, frames, classes], start "
                "and step in seconds."
            )
        return evidence

    def _answer(self, inputs: Float[Tensor, "inputs length"]) -> Float[Tensor, "inputs classes"]:
        """The model's logits for what it is fed, if they are what its labels promise."""
        logits = self._asked(self._forward, inputs)
        expected = (len(inputs), len(self.labels))
        if not isinstance(logits, Tensor) or tuple(logits.shape) != expected:
            given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ModelError(
                f"'{self.name}' answered {given}; expected logits of shape {expected}, one per "
                f"label ({', '.join(self.labels)})."
            )
        if not torch.isfinite(logits.detach()).all():
            raise NotFiniteAnswer(f"'{self.name}' answered with NaN or infinite logits.")
        return logits

    def _asked(self, function: Forward, inputs: Float[Tensor, "inputs length"]) -> Any:
        """What a function of the model answers; whatever it raises is told as the model's."""
        try:
            return function(inputs)
        except (UserError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            raise ModelError(
                f"'{self.name}' cannot take {inputs.shape[1]} samples "
                f"({inputs.shape[1] / self.sample_rate:.3f} s): {_first_line(error)}"
            ) from error


def _first_line(error: Exception) -> str:
    """The error in one line, with its class, without which a KeyError says nothing."""
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": .")


def _check_waveform(waveform: Tensor) -> None:
    if waveform.ndim != 2 or waveform.numel() == 0:
        raise AudioError(
            f"A waveform of shape {tuple(waveform.shape)} was given; expected [batch, time] with "
            "at least one sample."
        )
    if not torch.isfinite(waveform.detach()).all():
        raise AudioError("The waveform holds NaN or infinite samples; nothing can judge it.")


def _checked_lengths(lengths: Int[Tensor, "batch"], waveform: Tensor) -> list[int]:
    counts = lengths.tolist()
    if len(counts) != len(waveform) or min(counts) < 1 or max(counts) > waveform.shape[1]:
        raise AudioError(
            f"The lengths {counts} were given for {len(waveform)} clips of {waveform.shape[1]} "
            "samples; expected one per clip, from 1 to that number."
        )
    return counts

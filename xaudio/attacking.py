"""Attack the decision about a clip, write what came out, and judge the file that was written."""

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.attacks import Attack, Attacked, AwayFrom, Budget, Goal, Towards
from perturbations.attacks.attacked import snr_db
from perturbations.attacks.expectation import expected_logits, rounded, straight_through
from perturbations.corruption import Key
from xaudio.audio import Clip, clip_from_bytes, write_audio
from xaudio.classifiers import Classifier
from xaudio.classifiers.labels import BONAFIDE
from xaudio.errors import ModelError
from xaudio.explained import Decision
from xaudio.explaining import decide
from xaudio.folders import filled_whole
from xaudio.provenance import ModelSpec, plain, versions

FULL_SCALE = 32768


@dataclass(frozen=True, eq=False)
class AttackedClip:
    """A clip after an attack, as it stands in a 16-bit file.

    Attributes:
        original: The clip at the model's rate.
        wav: The attacked clip, a 16-bit WAV file.
        before: What the model says about the original.
        after: What it says about the file.
        goal: Where the decision should go, in words.
        succeeded: Whether the decision about the file is there.
        already: Whether that about the original was.
        attacked: What the attack gave back, before the file was written.
        attack: With its settings.
        budget: How much it was allowed to change.
        repeat: Which repeat of the random numbers.
        model: What was said to load the classifier.
        weights_sha256: The classifier's fingerprint.
    """

    original: Clip
    wav: bytes
    before: Decision
    after: Decision
    goal: str
    succeeded: bool
    already: bool
    attacked: Attacked
    attack: Attack
    budget: Budget
    repeat: int
    model: ModelSpec
    weights_sha256: str | None

    @cached_property
    def clip(self) -> Clip:
        """The attacked clip, read from the file."""
        return clip_from_bytes(self.wav, f"{Path(self.original.name).stem}-attacked.wav")

    @property
    def survived_rounding(self) -> bool:
        """Whether the decision about the 16-bit file is that about the attack's own samples."""
        return self.succeeded == bool(self.attacked.succeeded[0])

    def summary(self) -> dict[str, Any]:
        """Scores, the size of the change as it stands in the file, and how it was made."""
        change = self.clip.waveform - self.original.waveform
        return {
            "clip": self.original.name,
            "attack": self.attack.name,
            "goal": self.goal,
            "succeeded": self.succeeded,
            "already": self.already,
            "label_before": self.before.label,
            "label_after": self.after.label,
            "score_before": self.before.score,
            "score_after": self.after.score,
            "threshold": self.before.threshold,
            "snr_db": float(snr_db(self.original.waveform, self.clip.waveform)[0]),
            "linf": float(change.abs().max()),
            "evaluations": int(self.attacked.evaluations[0]),
            "survived_rounding": self.survived_rounding,
            "margins": self.attacked.history[:, 0].tolist(),
            "provenance": {
                "clip_sha256": self.original.digest,
                "decode_chain": list(self.original.decode_chain),
                "model": plain(asdict(self.model)),
                "weights_sha256": self.weights_sha256,
                "settings": plain(asdict(self.attack)),
                "budget": {"kind": type(self.budget).__name__, **plain(asdict(self.budget))},
                "repeat": self.repeat,
                "versions": versions(),
            },
        }

    def save(self, folder: str | Path) -> dict[str, Path]:
        """Write the attacked clip, the perturbation alone and the summary, all or nothing.

        Returns:
            The paths by what they hold: ``attacked``, ``perturbation``, ``summary``.

        Raises:
            ExplanationError: The folder cannot be written to; nothing new is left there then.
        """
        names = {
            "attacked": "attacked.wav",
            "perturbation": "perturbation.wav",
            "summary": "attack.json",
        }
        change = self.clip.samples - self.original.samples
        with filled_whole(folder, "The attacked clip") as aside:
            (aside / names["attacked"]).write_bytes(self.wav)
            write_audio(aside / names["perturbation"], change, self.original.sample_rate)
            summary = json.dumps(_without_infinity(self.summary()), indent=2, ensure_ascii=False)
            (aside / names["summary"]).write_text(summary + "\n", encoding="utf-8")
        return {what: Path(folder) / name for what, name in names.items()}


def attack_clip(
    clip: Clip,
    classifier: Classifier,
    attack: Attack,
    budget: Budget,
    towards: str | None = None,
    *,
    threshold: float = 0.0,
    repeat: int = 0,
    model: ModelSpec | None = None,
    progress: Callable[[float], None] | None = None,
) -> AttackedClip:
    """Attack the decision about a clip, so that the 16-bit file that is written carries it.

    The attack sees the classifier behind the rounding to 16 bits (gradients pass straight through),
    and what it found is judged once more as read from the file.

    Args:
        clip: Any rate; it is resampled to the classifier's, and turned down where it exceeds 1.
        classifier: What is attacked.
        attack: From `perturbations.attacks.load_attack`.
        budget: How much may change; the rounding comes on top.
        towards: The label to arrive at. Where none is given, a detector's clip shall pass as bona
            fide, and another model's shall lose its label.
        threshold: The score at and above which a detector's clip counts as bona fide.
        repeat: Other random numbers for the same clip.
        model: What was said to load the classifier; its name when not given.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ModelError: The attack needs gradients that the model does not give, or there is no such
            label.
    """
    check_attack(attack, classifier)
    check_label(towards, classifier)
    heard = clip.resampled(classifier.sample_rate).within_full_scale()
    before = decide(heard, classifier, threshold)
    goal, words = _goal(classifier, before, towards)
    waveform = heard.waveform.to(classifier.device)
    on_file = expected_logits(classifier.logits, [straight_through(rounded)])
    attacked = attack.run(
        on_file,
        waveform,
        goal,
        budget,
        heard.sample_rate,
        [Key(clip.digest, repeat)],
        progress=None if progress is None else lambda share, _: progress(share),
    )
    wav = wav_on_grid(attacked.waveform[0], heard.sample_rate)
    after = decide(clip_from_bytes(wav, heard.name), classifier, threshold)
    wanted = towards or (BONAFIDE if classifier.is_detector else None)
    reached = after.label == wanted if wanted else after.label != before.label
    return AttackedClip(
        heard,
        wav,
        before,
        after,
        words,
        reached,
        before.label == wanted,
        attacked,
        attack,
        budget,
        repeat,
        model or ModelSpec(classifier.name, is_object=True),
        classifier.fingerprint or None,
    )


def check_attack(attack: Attack, classifier: Classifier) -> None:
    """Refuse an attack that needs gradients of a model that has none.

    Raises:
        ModelError: It does.
    """
    if attack.needs_gradients and classifier.module is None:
        raise ModelError(
            f"The attack '{attack.name}' needs gradients and '{classifier.name}' has none; "
            "'square' needs scores only."
        )


def check_label(towards: str | None, classifier: Classifier) -> None:
    """Refuse a label that the classifier does not have.

    Raises:
        ModelError: It has not; the message lists those it has.
    """
    if towards is not None and towards not in classifier.labels:
        raise ModelError(
            f"'{classifier.name}' has no label '{towards}'. There are: "
            f"{', '.join(classifier.labels)}."
        )


def wav_on_grid(samples: Float[Tensor, " time"], sample_rate: int) -> bytes:
    """A 16-bit WAV file that reads back as exactly `perturbations`' rounding of the samples.

    libsndfile scales floats by 32,767 when it writes and by 1/32,768 when it reads; whole numbers
    it leaves alone.
    """
    whole = (rounded(samples[None])[0].cpu().numpy() * FULL_SCALE).astype(np.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, whole, sample_rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def _goal(classifier: Classifier, before: Decision, towards: str | None) -> tuple[Goal, str]:
    """Where the decision shall go, for the attack and in words."""
    if towards is None and not classifier.is_detector:
        index = torch.tensor([classifier.labels.index(before.label)])
        return AwayFrom(index), f"away from {before.label}"
    label = towards or BONAFIDE
    # The margin towards bona fide is the score, that towards spoof its negative.
    limit = before.threshold or 0.0
    index = torch.tensor([classifier.labels.index(label)])
    return Towards(index, limit if label == BONAFIDE else -limit), f"towards {label}"


def _without_infinity(summary: dict[str, Any]) -> dict[str, Any]:
    """JSON has no word for infinity."""
    return {
        name: _finite(value) if not isinstance(value, list) else [_finite(each) for each in value]
        for name, value in summary.items()
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value

"""The decision about a clip before and after regions of it were edited."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from explainers.targets import DECIDED, Target, parse_target
from xaudio.audio import Clip
from xaudio.classifiers import Classifier
from xaudio.editing.region_edit import RegionEdit, edited_in_order
from xaudio.errors import AudioError
from xaudio.explained import Decision
from xaudio.explaining import decide


@dataclass(frozen=True, eq=False)
class Asked:
    """What a model says about a clip as it was, and as it was edited.

    Attributes:
        clip: As it was, at the model's rate.
        edits: What was done, in order.
        seed: Of the edits' noise.
        before: The decision about the clip.
        after: The decision about the edited clip.
        target: The number that is followed: ``spoof - bonafide``.
        target_before: Its value for the clip.
        target_after: Its value for the edited clip.
        sound: The edited clip, at the model's rate.
    """

    clip: Clip
    edits: tuple[RegionEdit, ...]
    seed: int
    before: Decision
    after: Decision
    target: str
    target_before: float
    target_after: float
    sound: Clip

    @property
    def moved(self) -> float:
        """By how much the target moved."""
        return self.target_after - self.target_before

    @property
    def flipped(self) -> bool:
        """Whether the label changed."""
        return self.before.label != self.after.label

    @property
    def sentence(self) -> str:
        """What became of the decision and the target, in one line."""
        decision = (
            f"The decision changes from {self.before.label} to {self.after.label}"
            if self.flipped
            else f"The decision stays {self.before.label}"
        )
        return (
            f"{decision}; '{self.target}' goes from {self.target_before:+.2f} to "
            f"{self.target_after:+.2f} ({self.moved:+.2f})."
        )


def ask_again(
    clip: Clip,
    classifier: Classifier,
    edits: Sequence[RegionEdit],
    target: str | None = None,
    *,
    threshold: float = 0.0,
    seed: int = 0,
) -> Asked:
    """Edit a clip and ask the model again.

    Args:
        clip: Any rate; it is resampled to the classifier's, and edited there.
        classifier: What decides.
        edits: One or more, the first one first.
        target: The number to follow; the model's default when not given. ``decided`` is the label
            of the clip as it was.
        threshold: The score at and above which a detector's clip is bona fide.
        seed: Of the edits' noise.

    Raises:
        AudioError: There is no edit, or a region cannot be edited.
        ModelError: The model cannot judge the clip.
        ExplanationError: The target names no label.
    """
    if not edits:
        raise AudioError("No edit was given; draw a region and choose what is done to it.")
    heard = clip.resampled(classifier.sample_rate)
    before = decide(heard, classifier, threshold)
    followed = _target(target or classifier.default_target, classifier, before)
    sound = edited_in_order(heard, edits, seed)
    after = decide(sound, classifier, threshold)
    return Asked(
        clip=heard,
        edits=tuple(edits),
        seed=seed,
        before=before,
        after=after,
        target=followed.spec,
        target_before=_value(followed, before),
        target_after=_value(followed, after),
        sound=sound,
    )


def _target(spec: str, classifier: Classifier, before: Decision) -> Target:
    return parse_target(before.label if spec.strip() == DECIDED else spec, classifier.labels)


def _value(target: Target, decision: Decision) -> float:
    return float(target(torch.tensor([list(decision.logits.values())]))[0])

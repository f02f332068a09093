"""A clip before and after a corruption: the sound, what was measured, what the model says."""

from dataclasses import dataclass
from functools import cached_property

from explainers.explainer import Explainer, Progress
from perturbations.certificates import Certificate
from perturbations.corruption import Corruption
from xaudio.audio import Clip
from xaudio.classifiers import Classifier
from xaudio.corrupting import CorruptedClip, corrupt_with
from xaudio.explained import Decision, ExplainedClip
from xaudio.explaining import decide, explain_clip
from xaudio.trying.moved import MovedExplanation, moved_explanation


@dataclass(frozen=True, eq=False)
class Tried:
    """A clip under one corruption.

    Attributes:
        clean: The clip, at its own rate.
        made: What the corruption made of it, at the same rate.
        before: What the model says of the clip.
        after: What it says of the corrupted one.
        moved: What became of the explanation; None where nobody asked.
    """

    clean: Clip
    made: CorruptedClip
    before: Decision
    after: Decision
    moved: MovedExplanation | None = None

    @cached_property
    def certificate(self) -> Certificate:
        """What the corruption measurably did."""
        return self.made.certificate(self.clean)

    @property
    def flipped(self) -> bool:
        """Whether the model decides otherwise than before."""
        return self.before.label != self.after.label

    @property
    def shift(self) -> float:
        """By how much the score of the clean decision's kind has moved; see `Decision.score`.

        For a detector the difference of the scores. For any other model the clean label's lead
        over the strongest other label, after less before.
        """
        if self.before.threshold is not None:
            return self.after.score - self.before.score
        return lead(self.after, self.before.label) - lead(self.before, self.before.label)


def tried(
    clip: Clip,
    classifier: Classifier,
    corruption: Corruption,
    severity: int,
    repeat: int = 0,
    explainer: Explainer | None = None,
    *,
    target: str | None = None,
    threshold: float = 0.0,
    condition: str = "",
    progress: Progress | None = None,
) -> Tried:
    """Pass a clip through a corruption and ask the model before and after.

    The clip is corrupted at its own rate, as ``xaudio corrupt`` does, and then heard by the model
    at the model's. A sweep brings clips to the model's rate first, so where the two rates differ
    its scores may differ a little from these.

    Args:
        clip: The clean clip.
        classifier: What decides.
        corruption: What is done.
        severity: One of the corruption's, or 0, which changes nothing.
        repeat: Other random numbers for the same clip.
        explainer: The method that explains both; none is asked for without one.
        target: What is explained; the model's default when not given.
        threshold: The score at and above which a detector's clip is bona fide.
        condition: What a suite calls the corruption.
        progress: Told the share of the explaining that is done; it may raise to stop.

    Raises:
        UserError: The corruption cannot be done to this clip, or the model or the method cannot
            take what comes out.
    """
    made = corrupt_with(clip, corruption, severity, repeat, condition)
    before = decide(clip, classifier, threshold)
    found = Tried(clip, made, before, decide(made.clip, classifier, threshold))
    if explainer is None:
        return found
    told = progress or (lambda _: None)
    explained = explain_clip(
        clip,
        classifier,
        explainer,
        target,
        threshold=threshold,
        progress=lambda share: told(share / 2),
    )
    return explained_too(found, explained, classifier, explainer, lambda s: told(0.5 + s / 2))


def explained_too(
    found: Tried,
    before: ExplainedClip,
    classifier: Classifier,
    explainer: Explainer,
    progress: Progress | None = None,
) -> Tried:
    """The same with what became of the explanation, where the clean clip is explained already.

    Args:
        found: Of the same clip.
        before: The clean clip, explained.
        classifier: What was explained.
        explainer: How.
        progress: As in `tried`.

    Raises:
        ExplanationError: The method knows no places, or fails on the corrupted clip.
    """
    moved = moved_explanation(before.explanation, found.made, classifier, explainer, progress)
    return Tried(found.clean, found.made, found.before, found.after, moved)


def lead(decision: Decision, label: str) -> float:
    """How far a label's logit lies above the largest of the others.

    >>> lead(Decision("b", 1.0, {"a": 1.0, "b": 2.0}, {}, None), "a")
    -1.0
    """
    others = [logit for name, logit in decision.logits.items() if name != label]
    return decision.logits[label] - max(others, default=0.0)

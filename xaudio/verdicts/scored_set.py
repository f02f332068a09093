"""Clips with a detector's score and the conditions they were recorded in."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from jaxtyping import Bool, Float

from xaudio.audio import Clip
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.datasets.sound import read_row
from xaudio.errors import AudioError, CorpusError, ModelError
from xaudio.verdicts.conditions import Conditions, measure_conditions

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """A labelled set of clips, each scored and measured.

    Attributes:
        scores: Higher for bona fide.
        is_bonafide: One per clip.
        clusters: Whose clips are kept together: the speaker, or the clip itself where none is
            known.
        attacks: What made each clip; None for bona fide and where it is not known.
        conditions: Of each clip.
        digests: SHA-256 of each file.
        failures: Clips that could not be read or scored, with the reason.
    """

    scores: Float[np.ndarray, " clip"]
    is_bonafide: Bool[np.ndarray, " clip"]
    clusters: tuple[str, ...]
    attacks: tuple[str | None, ...]
    conditions: tuple[Conditions, ...]
    digests: tuple[str, ...]
    failures: tuple[tuple[str, str], ...] = ()

    @property
    def sha256(self) -> str:
        """Over digests, labels and speakers, in any order of the clips."""
        lines = sorted(
            f"{digest} {'bonafide' if human else 'spoof'} {cluster}"
            for digest, human, cluster in zip(
                self.digests, self.is_bonafide, self.clusters, strict=True
            )
        )
        return sha256("\n".join(lines).encode()).hexdigest()

    def speakers(self, among: Bool[np.ndarray, " clip"]) -> int:
        """How many clusters some of the clips come from."""
        return len({self.clusters[number] for number in np.flatnonzero(among)})


def score_manifest(
    manifest: Manifest, classifier: Classifier, progress: Progress | None = None
) -> ScoredSet:
    """Read, score and measure every clip of a manifest, one after the other.

    A clip that cannot be read or scored is left out and listed.

    Args:
        manifest: With the labels ``bonafide`` and ``spoof``.
        classifier: A detector.
        progress: Told clips done and clips in all.

    Raises:
        ModelError: The classifier is no detector.
        CorpusError: The manifest has other labels, or no clip of it can be used.
    """
    check_detector(classifier)
    if not manifest.is_detection:
        raise CorpusError(
            "A calibration needs clips labelled 'bonafide' and 'spoof'; this manifest has others."
        )
    rows: list[ManifestRow] = []
    scores: list[float] = []
    measured: list[Conditions] = []
    digests, failures = [], []
    for number, row in enumerate(manifest):
        try:
            clip = read_row(row)
            scores.append(score_clip(clip, classifier))
        except (AudioError, ModelError) as error:
            failures.append((row.clip, str(error)))
        else:
            rows.append(row)
            measured.append(measure_conditions(clip))
            digests.append(clip.digest)
        if progress is not None:
            progress(number + 1, len(manifest))
    if not rows:
        reason = f" The first: {failures[0][1]}" if failures else ""
        raise CorpusError(f"None of the manifest's {len(manifest)} clips can be used.{reason}")
    return ScoredSet(
        np.array(scores),
        np.array([row.is_bonafide for row in rows]),
        tuple(_cluster(row) for row in rows),
        tuple(row.attack for row in rows),
        tuple(measured),
        tuple(digests),
        tuple(failures),
    )


def score_clip(clip: Clip, classifier: Classifier) -> float:
    """A detector's score of a clip at any rate: logit of bona fide minus logit of spoof."""
    import torch

    with torch.no_grad():
        return float(classifier.score(clip.resampled(classifier.sample_rate).waveform)[0])


def check_detector(classifier: Classifier) -> None:
    """Refuse what has no score, or no fingerprint by which a calibration knows it again.

    Raises:
        ModelError: It is one of these.
    """
    if not classifier.is_detector:
        raise ModelError(
            "Verdicts need a detector with the labels spoof and bonafide; "
            f"'{classifier.name}' has {', '.join(classifier.labels)}."
        )
    if not classifier.fingerprint:
        raise ModelError(
            f"'{classifier.name}' has no fingerprint: nothing would tell it from another model. "
            "Give a module, or a model from a file."
        )


def _cluster(row: ManifestRow) -> str:
    return f"speaker {row.speaker}" if row.speaker is not None else f"clip {row.clip}"

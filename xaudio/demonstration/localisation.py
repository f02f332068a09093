"""How well each method's relevance falls on the synthetic stretches of hybrids."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from explainers.quality.localisation import Localisation, evidence_values, frame_values, localise
from explainers.targets import parse_target
from xaudio.audio import read_clip
from xaudio.classifiers import Classifier, load_classifier
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.explaining import explain_clip, load_method

Frames = Float[np.ndarray, " frames"]

CEILING = "the model's own frame evidence"


@dataclass(frozen=True)
class Look:
    """A method with its settings, under the name the tables use."""

    title: str
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)


LOOKS = (
    Look("lrp", "lrp"),
    Look("lrp at the spectrogram", "lrp-stft"),
    Look("saliency", "saliency"),
    Look("smoothgrad", "smoothgrad"),
    Look("input x gradient", "input-x-gradient"),
    Look("integrated gradients", "integrated-gradients"),
    Look("integrated gradients from zero", "integrated-gradients", {"baseline": "zeros"}),
    Look("grad-cam", "grad-cam", {"layer": "context"}),
    # A batch size found by measurement may differ from run to run, and the last digits with it.
    Look("two-sided occlusion", "two-sided-occlusion", {"batch_size": 8}),
    Look("occlusion", "occlusion", {"batch_size": 8}),
)


@dataclass(frozen=True, eq=False)
class HybridFrames:
    """For one hybrid a value per 20 ms by every look, the model's own evidence among them."""

    score: float
    frames: Mapping[str, Frames]


def localise_hybrids(
    hybrids: Manifest,
    model: str,
    pool: Executor,
    progress: Callable[[int, int], None],
) -> tuple[dict[str, Localisation], float]:
    """Frame ROC-AUC per look, the ceiling first, and the share of hybrids scored as spoof."""
    found = []
    for one in pool.map(partial(_frames_of_hybrid, model), hybrids):
        found.append(one)
        progress(len(found), len(hybrids))
    stretches = [row.segments for row in hybrids]
    clusters = [row.source or row.clip for row in hybrids]
    areas = {
        title: localise([one.frames[title] for one in found], stretches, clusters=clusters)
        for title in (CEILING, *(look.title for look in LOOKS))
    }
    return areas, float(np.mean([one.score < 0 for one in found]))


def _frames_of_hybrid(model: str, row: ManifestRow) -> HybridFrames:
    classifier = classifier_once(model)
    clip = read_clip(row.path).resampled(classifier.sample_rate)
    with torch.no_grad():
        score = float(classifier.score(clip.waveform))
        evidence = classifier.frame_evidence(clip.waveform)
    frames = {}
    if evidence is not None:
        target = parse_target(classifier.default_target, classifier.labels)
        frames[CEILING] = evidence_values(evidence, target, clip.seconds)[0]
    for look in LOOKS:
        method = load_method(look.method, look.settings)
        frames[look.title] = frame_values(explain_clip(clip, classifier, method).explanation)
    return HybridFrames(score, frames)


@lru_cache(maxsize=1)
def classifier_once(model: str) -> Classifier:
    """The classifier, loaded once in each process; one thread, as every core has a process."""
    torch.set_num_threads(1)
    return load_classifier(model)


def ranked(areas: Mapping[str, Localisation]) -> Sequence[tuple[str, Localisation]]:
    """The ceiling first, then the looks from best to worst."""
    looks = [(title, area) for title, area in areas.items() if title != CEILING]
    return [(CEILING, areas[CEILING]), *sorted(looks, key=lambda one: -one[1].averaged.mean)]

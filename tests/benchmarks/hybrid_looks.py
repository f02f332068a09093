"""What every look sees in one hybrid, as values over time that can be held against the truth.

A look is a method with its settings, or one set of rules; relevance propagation is read off in
several places of one backward pass. What was computed is kept in a file per clip, so that a run
that broke off goes on where it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explainers.arrays import to_array
from explainers.axes import halfway_edges, regular_edges
from explainers.explainer import Scoring, explainers, load_explainer
from explainers.explanation import Explanation
from explainers.inspection import to_time_frequency
from explainers.lrp import LRP, Composite, Gamma, load_composite
from explainers.lrp.ledger import sinks_by_kind
from explainers.projection import regrid
from explainers.quality.frames import STEP, evidence_values
from explainers.quality.removal_curves import RemovalSettings, relevance_orders, removal_curves
from explainers.targets import Target, parse_target
from xaudio.audio import Clip, read_clip
from xaudio.classifiers import Classifier, load_classifier
from xaudio.datasets.manifest import ManifestRow

CEILING = "the model's own frame evidence"
SPECTRAL = {":stft": "STFT bins", ":log": "log bands"}
POSITIVE = "positive part"
SEEN = "seen on STFT bins"

Maps = dict[str, tuple[np.ndarray, np.ndarray]]
"""Title to values and the edges in seconds that they lie between."""


@dataclass(frozen=True)
class Heard:
    """A clip in the ears of a model."""

    clip: Clip
    classifier: Classifier
    target: Target
    taps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """One way to look: what it is called, what kind it is, and how it is made."""

    title: str
    family: str
    see: Callable[["Look", Heard, dict[str, Any]], Maps]
    method: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


def own_evidence(look: Look, heard: Heard, notes: dict[str, Any]) -> Maps:
    """What the model itself says frame by frame; no method can be expected to say more."""
    seconds = heard.clip.seconds
    evidence = heard.classifier.frame_evidence(heard.clip.waveform)
    if evidence is None:
        return {}
    frames = evidence_values(evidence, heard.target, seconds)[0]
    edges = STEP * np.arange(len(frames) + 1)
    return {look.title: (frames, np.append(edges[:-1], max(edges[-1], seconds)))}


def by_method(look: Look, heard: Heard, notes: dict[str, Any]) -> Maps:
    """A method as anybody would call it; where it allows it, seen on Fourier bins as well."""
    settings = dict(look.settings)
    explainer = load_explainer(look.method, **settings)
    (found,) = explainer.explain(heard.classifier, heard.clip.waveform, heard.target)
    maps = {look.title: (found.relevance, found.time_edges)}
    return maps | _seen_on_bins(look.title, found)


def by_rules(composite: Callable[[], Composite], look: Look, heard: Heard, notes) -> Maps:
    """Relevance on samples and at the taps of the same pass; the notes take the accounts."""
    run = LRP(composite(), heard.classifier.module, taps=(*SPECTRAL, *heard.taps))
    leaf = heard.clip.waveform.clone().requires_grad_()
    with run:
        score = heard.target(heard.classifier(leaf.clone()))
    relevance, coefficient = run.propagate(score, leaf)
    seconds, rate = heard.clip.seconds, heard.clip.sample_rate
    samples = to_array(relevance[0])
    maps = {look.title: (samples, np.linspace(0, seconds, len(samples) + 1))}
    if coefficient is not None:
        factors = {"activation": to_array(leaf[0]), "coefficient": to_array(coefficient[0])}
        whole = Explanation(
            relevance=samples,
            domain="waveform",
            sample_rate=rate,
            seconds=seconds,
            target=heard.target.spec,
            score=float(score.detach()),
            method="lrp",
            signed=True,
            **factors,
        )
        maps |= _seen_on_bins(look.title, whole)
    for name in (*SPECTRAL, *heard.taps):
        for tapped in run.taps.relevance(name)[-1:]:
            cells = to_array(tapped[0]).reshape(-1, tapped.shape[-1])
            edges = _column_edges(cells.shape[1], len(samples), rate, hopped=name in SPECTRAL)
            place = f"{look.title}, {SPECTRAL.get(name, name)}"
            maps[place] = (cells.sum(axis=0), edges)
            maps[f"{place}, {POSITIVE}"] = (cells.clip(min=0).sum(axis=0), edges)
    notes[f"input: {look.title}"] = samples.sum(dtype=np.float64)
    for kind, amount in sinks_by_kind(run.flows).items():
        notes[f"sink {kind}: {look.title}"] = float(amount[0])
    return maps


def _seen_on_bins(title: str, found: Explanation) -> Maps:
    """Relevance under the smooth windows of virtual inspection, and its positive part there.

    Relevance on samples swings about zero; cut at the hard edges of frames, much of the swing
    stays.
    """
    if found.coefficient is None:
        return {}
    cells = to_time_frequency(found)
    place = f"{title}, {SEEN}"
    return {
        place: (cells.relevance.sum(axis=0), cells.time_edges),
        f"{place}, {POSITIVE}": (cells.relevance.clip(min=0).sum(axis=0), cells.time_edges),
    }


def _column_edges(columns: int, samples: int, rate: int, hopped: bool) -> np.ndarray:
    """Columns of a centred short-time transform lie around the hops; others divide the clip."""
    if hopped and columns > 1:
        return halfway_edges(columns, samples // (columns - 1) / rate, samples / rate)
    return np.linspace(0, samples / rate, columns + 1)


def _rules(name: str) -> Look:
    return Look(f"LRP {name}", "relevance", partial(by_rules, partial(load_composite, name)))


def linear_levels() -> Composite:
    """The published rule throughout: a mean taken off logarithms shares by contribution."""
    return replace(load_composite("epsilon"), levels="linear")


def stronger_gamma() -> Composite:
    """What agrees with an output counts twice."""
    return Composite("gamma 1", dense=Gamma(1.0), convolution=Gamma(1.0))


LOOKS = (
    Look(CEILING, "ceiling", own_evidence),
    Look("LRP epsilon (levels linear)", "relevance", partial(by_rules, linear_levels)),
    _rules("epsilon"),
    _rules("epsilon_plus"),
    _rules("gamma"),
    Look("LRP gamma 1", "relevance", partial(by_rules, stronger_gamma)),
    _rules("cp"),
    _rules("attnlrp"),
    _rules("epsilon_gamma_box"),
    _rules("epsilon_alpha2_beta1"),
    _rules("flat_first"),
    _rules("excitation_backprop"),
    Look("saliency", "gradient", by_method, "saliency"),
    Look("smoothgrad", "gradient", by_method, "smoothgrad"),
    Look("input x gradient", "gradient", by_method, "input-x-gradient"),
    Look("integrated gradients", "gradient", by_method, "integrated-gradients"),
    Look(
        "integrated gradients from zero",
        "gradient",
        by_method,
        "integrated-gradients",
        {"baseline": "zeros"},
    ),
    Look("guided backprop", "gradient", by_method, "guided-backprop"),
    Look("grad-cam", "activation", by_method, "grad-cam"),
    Look("occlusion, zeros", "removal", by_method, "occlusion", {"fill": "zeros"}),
    Look("occlusion, matched noise", "removal", by_method, "occlusion", {"fill": "matched-noise"}),
)


def chosen_looks(patterns: str) -> tuple[Look, ...]:
    """Those whose title fits one of the patterns (``LRP *; saliency``) and whose method exists."""
    wanted = [one.strip() for one in patterns.split(";")]
    known = explainers.names()
    return tuple(
        look
        for look in LOOKS
        if any(fnmatchcase(look.title, pattern) for pattern in wanted)
        and (not look.method or look.method in known)
    )


@dataclass(frozen=True)
class Plan:
    """What is asked of every clip."""

    model: str
    weights: Path | None
    cache: Path
    looks: str = "*"
    cam_layer: str = ""
    taps: tuple[str, ...] = ()
    fill: str = "zeros"


def look_at(plan: Plan, removal: bool, row: ManifestRow) -> dict[str, np.ndarray]:
    """All that the plan asks of one clip: what is not in its file yet is computed and added."""
    path = plan.cache / f"{row.clip}.npz"
    found: dict[str, Any] = dict(np.load(path)) if path.exists() else {}
    missing = [look for look in chosen_looks(plan.looks) if f"done: {look.title}" not in found]
    heard = _heard(plan, row) if missing or removal else None
    for look in missing:
        if look.method == "grad-cam" and plan.cam_layer:
            look = replace(look, settings={"layer": plan.cam_layer})
        for title, (values, edges) in look.see(look, heard, found).items():
            found |= _in_pieces(title, values, edges, heard.clip.seconds)
        found[f"done: {look.title}"] = True
    if heard is not None:
        found["score"] = _score(heard)
    if removal:
        found |= _separations(plan, heard, found)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **found)
    return found


def _in_pieces(title: str, values: np.ndarray, edges: np.ndarray, seconds: float) -> dict:
    """The values on whole frames, and on the parts that are taken away."""
    values = values.astype(np.float64)
    frames = STEP * np.arange(int(seconds / STEP + 1e-6) + 1)
    parts = regular_edges(seconds, RemovalSettings().segment)
    return {
        f"frames: {title}": regrid(values, edges, frames),
        f"parts: {title}": regrid(values, edges, parts),
    }


def _separations(plan: Plan, heard: Heard, found: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Mean score with the least relevant replaced first, less that with the most relevant first.

    Equal orders run once.
    """
    name = f"separation {plan.fill}: "
    titles = [
        title
        for title in (key.removeprefix("parts: ") for key in found if key.startswith("parts: "))
        if name + title not in found and _is_judged_by_removal(title)
    ]
    if not titles:
        return {}
    settings = RemovalSettings(fill=plan.fill)
    random = np.random.default_rng(0)
    orders = [relevance_orders(found[f"parts: {title}"], random) for title in titles]
    distinct, which = np.unique(np.concatenate(orders), axis=0, return_inverse=True)
    scoring = Scoring(heard.classifier, heard.target)
    areas = removal_curves(scoring, heard.clip.waveform, distinct[None], settings).areas[0]
    most_first, least_first = areas[which.reshape(-1)].reshape(-1, 2).T
    return {
        name + title: value for title, value in zip(titles, least_first - most_first, strict=True)
    }


def _is_judged_by_removal(title: str) -> bool:
    """What is read on samples, and at the spectrum as a whole and in its positive part."""
    places = ("", f", {SPECTRAL[':stft']}", f", {SEEN}")
    readings = (place + part for place in places for part in ("", f", {POSITIVE}"))
    return any(title == look.title + reading for reading in readings for look in LOOKS)


def _heard(plan: Plan, row: ManifestRow) -> Heard:
    classifier = classifier_once(plan.model, plan.weights)
    clip = read_clip(row.path).resampled(classifier.sample_rate)
    target = parse_target(classifier.default_target, classifier.labels)
    return Heard(clip, classifier, target, plan.taps)


def _score(heard: Heard) -> float:
    with torch.no_grad():
        return float(heard.target(heard.classifier(heard.clip.waveform)))


@lru_cache(maxsize=1)
def classifier_once(model: str, weights: Path | None) -> Classifier:
    """The classifier, loaded once in each process; one thread, as every core has a process."""
    torch.set_num_threads(1)
    return load_classifier(model, weights)

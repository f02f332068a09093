"""Explain a clip in one call: open it, load the model, decide, explain, say how it was made."""

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explainers.errors import ExplanationError
from explainers.explainer import Explainer, Progress, default_settings, load_explainer
from explainers.targets import DECIDED, Target, parse_target, resolve_targets
from xaudio.audio import Clip, clip_from_bytes, clip_from_samples, read_clip
from xaudio.classifiers import Classifier, load_classifier
from xaudio.errors import AudioError, ModelError
from xaudio.explained import Decision, ExplainedClip
from xaudio.provenance import ModelSpec, Provenance, plain, versions

__all__ = [
    "DEFAULT_MODEL",
    "Decision",
    "ExplainedClip",
    "check_target",
    "decide",
    "default_method",
    "explain",
    "explain_clip",
    "load_method",
    "model_spec",
    "open_clip",
]

DEFAULT_MODEL = "lcnn"


def explain(
    clip: Any,
    model: Any = DEFAULT_MODEL,
    method: str | None = None,
    target: str | None = None,
    *,
    weights: str | Path | None = None,
    labels: Sequence[str] | None = None,
    sample_rate: int | None = None,
    device: str = "cpu",
    threshold: float = 0.0,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> ExplainedClip:
    """Why a model decides what it decides about a clip, and where in it.

    Args:
        clip: A path, the bytes of a file, a `Clip`, or a pair of samples and rate in Hz.
        model: Anything `load_classifier` takes: ``lcnn``, ``hf:<id>``, ``model.onnx``, a
            module, or a `Classifier`.
        method: Name of a method, see ``xaudio methods``; when not given, `default_method`.
        target: The number to explain: a label, ``one - other``, ``log-odds:label`` or
            ``decided``, the label of the decision; the model's default when not given.
        weights: A weights file for a model named by its architecture.
        labels: One per logit, in the model's order, for a model that does not say.
        sample_rate: The model's, in Hz, for a model that does not say.
        device: Where to run: ``cpu``, ``cuda``; a `Classifier` runs where it is.
        threshold: The score at and above which a detector's clip counts as bona fide.
        settings: The method's settings by name; the others keep their defaults.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        AudioError: The clip cannot be used.
        ModelError: The model or its weights cannot be loaded.
        ExplanationError: The method, its settings or the target do not exist or do not fit.
    """
    opened = open_clip(clip)
    if isinstance(model, Classifier):
        _refuse_wishes(model, weights, labels, sample_rate, device)
        classifier = model
    else:
        classifier = load_classifier(model, weights, device, labels, sample_rate)
    spec = model_spec(
        os.fspath(model) if isinstance(model, str | os.PathLike) else classifier.name,
        weights,
        labels,
        sample_rate,
    )
    explainer = load_method(method or default_method(classifier), settings or {})
    return explain_clip(
        opened,
        classifier,
        explainer,
        target,
        threshold=threshold,
        model=replace(spec, is_object=not isinstance(model, str | os.PathLike)),
        chosen_settings=settings or {},
        progress=progress,
    )


def explain_clip(
    clip: Clip,
    classifier: Classifier,
    explainer: Explainer,
    target: str | None = None,
    *,
    threshold: float = 0.0,
    model: ModelSpec | None = None,
    chosen_settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> ExplainedClip:
    """The same for a clip, a classifier and a method that are already there.

    Args:
        clip: Any rate; it is resampled to the classifier's.
        classifier: What is explained.
        explainer: The method.
        target: As in `explain`.
        threshold: As in `explain`.
        model: What was said to load the classifier; its name when not given.
        chosen_settings: The method's settings the user gave, for the way to make it again.
        progress: As in `explain`.
    """
    started = time.perf_counter()
    heard = clip.resampled(classifier.sample_rate)
    decision = decide(heard, classifier, threshold)
    wanted = _wanted_target(target or classifier.default_target, classifier, decision)
    (explanation,) = explainer.explain(classifier, heard.waveform, wanted, progress)
    with torch.no_grad():
        evidence = classifier.frame_evidence(heard.waveform)
    settings = plain(explanation.provenance.get("settings", {}))
    record = Provenance(
        clip=heard.name,
        clip_sha256=heard.digest,
        decode_chain=heard.decode_chain,
        model=model or ModelSpec(classifier.name, is_object=True),
        weights_sha256=classifier.fingerprint or None,
        device=str(classifier.device),
        threshold=decision.threshold,
        method=explanation.method,
        settings=settings,
        target=explanation.target,
        seed=settings.get("seed"),
        seconds=time.perf_counter() - started,
        versions=versions(),
    )
    return ExplainedClip(
        clip=heard,
        decision=decision,
        explanation=replace(
            explanation, provenance={**plain(explanation.provenance), **record.as_dict()}
        ),
        frame_evidence=evidence,
        provenance=record,
        chosen_settings=dict(chosen_settings or {}),
        labels=classifier.labels,
        method_summary=explainer.summary,
    )


def _wanted_target(target: str, classifier: Classifier, decision: Decision) -> Target:
    """The target as asked; `decided` is what the decision says, threshold included."""
    if target.strip() == DECIDED and classifier.is_detector:
        return parse_target(decision.label, classifier.labels)
    logits = torch.tensor([list(decision.logits.values())])
    return resolve_targets(target, classifier.labels, logits)[0]


def decide(clip: Clip, classifier: Classifier, threshold: float = 0.0) -> Decision:
    """What a classifier says about a clip.

    Args:
        clip: Any rate; it is resampled to the classifier's.
        classifier: What decides.
        threshold: The score at and above which a detector's clip counts as bona fide.
    """
    if not math.isfinite(threshold):
        raise ModelError(f"A threshold of {threshold} was given; it must be a finite score.")
    with torch.no_grad():
        logits = classifier(clip.resampled(classifier.sample_rate).waveform)[0].float().cpu()
    by_label = dict(zip(classifier.labels, logits.tolist(), strict=True))
    shares = dict(zip(classifier.labels, logits.softmax(0).tolist(), strict=True))
    if classifier.is_detector:
        score = by_label["bonafide"] - by_label["spoof"]
        label = "bonafide" if score >= threshold else "spoof"
        return Decision(label, score, by_label, shares, threshold)
    ordered = sorted(by_label.items(), key=lambda entry: -entry[1])
    runner_up = ordered[1][1] if len(ordered) > 1 else 0.0
    return Decision(ordered[0][0], ordered[0][1] - runner_up, by_label, shares, None)


def model_spec(
    name: str,
    weights: str | Path | None = None,
    labels: Sequence[str] | None = None,
    sample_rate: int | None = None,
) -> ModelSpec:
    """What the user said to load a classifier, in plain values for the record."""
    return ModelSpec(
        name,
        None if weights is None else str(weights),
        tuple(labels) if labels else None,
        sample_rate,
    )


def _refuse_wishes(
    classifier: Classifier,
    weights: str | Path | None,
    labels: Sequence[str] | None,
    sample_rate: int | None,
    device: str,
) -> None:
    """A ready classifier is taken as it is: what would change it belongs where it is made."""
    elsewhere = device not in ("cpu", str(classifier.device))
    if weights is not None or labels or sample_rate or elsewhere:
        raise ModelError(
            f"'{classifier.name}' is already a Classifier on {classifier.device}; say its weights, "
            "labels and rate where it is made, and move it with .to(device)."
        )


def check_target(target: str, classifier: Classifier) -> None:
    """Refuse a target that names none of the classifier's labels, before any work is done.

    Raises:
        ExplanationError: It does not; the message lists the labels.
    """
    if target.strip() != DECIDED:
        parse_target(target, classifier.labels)


def default_method(classifier: Classifier) -> str:
    """The method to use when nobody names one, by what the model allows; see docs/results.md.

    Relevance propagation where all of the model's operations have rules, SmoothGrad where it has
    gradients at least, removal where it is only a function.
    """
    if classifier.module is None:
        return "two-sided-occlusion"
    from explainers.lrp.choosing import has_rules

    return "lrp" if has_rules(classifier) else "smoothgrad"


def load_method(name: str, settings: Mapping[str, Any]) -> Explainer:
    """The method of that name with these settings.

    Raises:
        ExplanationError: No such method or setting, or a value of another kind than expected.
    """
    defaults = default_settings(name)
    fitting = {
        setting: _of_kind(f"'{setting}' of '{name}'", value, defaults.get(setting))
        for setting, value in settings.items()
    }
    return load_explainer(name, **fitting)


def open_clip(clip: Any) -> Clip:
    """A clip from whatever the user has: a path, bytes, a `Clip`, or samples and rate.

    Raises:
        AudioError: It cannot be read or used.
    """
    if isinstance(clip, Clip):
        return clip
    if isinstance(clip, bytes | bytearray):
        return clip_from_bytes(bytes(clip), "bytes")
    if isinstance(clip, tuple):
        samples, sample_rate = clip
        return clip_from_samples(np.asarray(samples), sample_rate)
    if isinstance(clip, str | os.PathLike):
        return read_clip(clip)
    raise AudioError(
        f"A {type(clip).__name__} was given as the clip; expected a path, a file's bytes, a Clip, "
        "or a pair of samples and sample rate."
    )


def _of_kind(what: str, value: Any, default: Any) -> Any:
    """`value` if it is of the same kind as `default`; a whole number may stand for any number."""
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    kind = next((kind for kind in _KINDS if isinstance(default, kind)), None)
    if kind is not None and not (
        isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
    ):
        raise ExplanationError(f"The setting {what} is {_KINDS[kind]}; {value!r} was given.")
    return value


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}

"""Looks made: methods and models on one clip, or one model and method on several clips."""

from collections.abc import Mapping, Sequence

from explainers.explainer import Explainer, Progress
from perturbations.errors import UserError
from xaudio.audio import Clip
from xaudio.classifiers import Classifier
from xaudio.comparing.comparison import Comparison, Look, compared
from xaudio.comparing.grounds import OVER_FREQUENCY
from xaudio.explaining import explain_clip

BETWEEN = " · "


def look_at(
    name: str,
    clip: Clip,
    classifier: Classifier,
    explainer: Explainer,
    target: str | None = None,
    *,
    threshold: float = 0.0,
    progress: Progress | None = None,
) -> Look:
    """Explain a clip; what cannot be explained is a look that says why.

    Args:
        name: What tells it from the others.
        clip: The clip.
        classifier: What is explained.
        explainer: How.
        target: What is explained; the model's default when not given.
        threshold: The score at and above which a detector's clip is bona fide.
        progress: Told the share done; it may raise to stop.
    """
    try:
        explained = explain_clip(
            clip, classifier, explainer, target, threshold=threshold, progress=progress
        )
    except UserError as error:
        return Look(name, None, str(error))
    return Look(name, explained)


def compare_methods(
    clip: Clip,
    classifier: Classifier,
    methods: Sequence[Explainer],
    target: str | None = None,
    *,
    over: str | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Several methods on one clip and model.

    Args:
        clip: The clip.
        classifier: What is explained.
        methods: Two or more; their names tell them apart.
        target: What is explained; the model's default when not given.
        over: On which cells to compare, see `compared`.
        progress: Told the share done; it may raise to stop.
    """
    told = _shares(progress, len(methods))
    looks = [
        look_at(method.name, clip, classifier, method, target, progress=tell)
        for method, tell in zip(methods, told, strict=True)
    ]
    return compared(looks, over)


def compare_models(
    clip: Clip,
    classifiers: Mapping[str, Classifier],
    methods: Sequence[Explainer],
    target: str | None = None,
    *,
    over: str | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Several models on one clip, each explained by each method.

    Args:
        clip: The clip; each model hears it at its own rate.
        classifiers: By the name that is shown.
        methods: One or more.
        target: What is explained; each model's default when not given.
        over: On which cells to compare, see `compared`.
        progress: Told the share done; it may raise to stop.
    """
    each = [
        (look_name(model, method.name, len(classifiers), len(methods)), classifier, method)
        for model, classifier in classifiers.items()
        for method in methods
    ]
    told = _shares(progress, len(each))
    looks = [
        look_at(name, clip, classifier, method, target, progress=tell)
        for (name, classifier, method), tell in zip(each, told, strict=True)
    ]
    return compared(looks, over)


def compare_clips(
    clips: Mapping[str, Clip],
    classifier: Classifier,
    method: Explainer,
    target: str | None = None,
    *,
    over: str = OVER_FREQUENCY,
    progress: Progress | None = None,
) -> Comparison:
    """One model and method on several clips.

    Instants of different recordings do not belong together, so clips are compared over frequency
    unless told otherwise: over time for versions of one recording.

    Args:
        clips: By the name that is shown.
        classifier: What is explained.
        method: How.
        target: What is explained; the model's default when not given.
        over: On which cells to compare, see `compared`.
        progress: Told the share done; it may raise to stop.
    """
    told = _shares(progress, len(clips))
    looks = [
        look_at(name, clip, classifier, method, target, progress=tell)
        for (name, clip), tell in zip(clips.items(), told, strict=True)
    ]
    return compared(looks, over)


def look_name(model: str, method: str, models: int, methods: int) -> str:
    """What tells a look from the others of so many models and methods.

    >>> look_name("lcnn", "lrp", 1, 3), look_name("lcnn", "lrp", 2, 1)
    ('lrp', 'lcnn')
    >>> look_name("lcnn", "lrp", 2, 3)
    'lcnn · lrp'
    """
    if models == 1:
        return method
    return model if methods == 1 else f"{model}{BETWEEN}{method}"


def _shares(progress: Progress | None, count: int) -> list[Progress | None]:
    """For each of several pieces of work of one size, what tells the share of the whole."""
    if progress is None:
        return [None] * count

    def telling(place: int) -> Progress:
        return lambda share: progress((place + share) / count)

    return [telling(place) for place in range(count)]

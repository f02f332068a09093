"""Fitted scikit-learn classifiers over arrays of waveforms, whose first steps make the features."""

import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from xaudio.classifiers.adapters.functions import function_digest
from xaudio.classifiers.labels import canonical_labels
from xaudio.errors import ModelError
from xaudio.models.weights import fingerprint

PROBABILITY_FLOOR = 1e-6  # what a forest of few trees calls zero is only rare


@runtime_checkable
class Estimator(Protocol):
    """What tells a scikit-learn estimator from other objects, without importing scikit-learn."""

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """Learn."""
        ...

    def get_params(self, deep: bool = True) -> Mapping[str, Any]:
        """The settings by name."""
        ...


@dataclass(frozen=True, eq=False)
class SklearnModel:
    """A fitted classifier as a function of tensors, without gradients.

    Its logits are its ``decision_function``, halved to plus and minus where that is one number for
    two classes, so that their difference is the number itself. Without one they are the logarithm
    of ``predict_proba``, which is kept from falling below that of `PROBABILITY_FLOOR`.

    Attributes:
        estimator: The fitted estimator or pipeline; it is given float32 ``[clips, samples]``.
        labels: Its classes, in its own order, as they are.
        sample_rate: The setting ``sample_rate`` of it or its steps, in Hz; None if none says one.
        length: Samples it takes, if that is fixed.
        digest: SHA-256 of its settings and of all it has learnt, see `estimator_digest`.
    """

    estimator: Any
    labels: tuple[Any, ...]
    sample_rate: int | None
    length: int | None
    digest: str

    def __call__(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        """One logit per class."""
        clips = waveform.detach().cpu().numpy()
        logits = np.asarray(_logits(self.estimator, clips), dtype=np.float32)
        return torch.from_numpy(logits).to(waveform.device)


def read_estimator(estimator: Any, name: str) -> SklearnModel:
    """Make a model of a fitted scikit-learn classifier or pipeline.

    Raises:
        ModelError: It is not fitted, or is no classifier that scores each of its classes.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError):  # a class in place of an object is no estimator to it
        raise ModelError(
            f"'{name}' is not fitted; call its fit(waveforms, labels) first, waveforms as an array "
            "[clips, samples]."
        ) from None
    if not any(hasattr(estimator, answer) for answer in ("decision_function", "predict_proba")):
        raise ModelError(
            f"'{name}' has neither decision_function nor predict_proba; expected a classifier, "
            "or a pipeline that ends in one."
        )
    return SklearnModel(
        estimator,
        _classes(estimator, name),
        _stated_rate(estimator),
        _fixed_length(estimator),
        estimator_digest(estimator),
    )


def named_labels(model: SklearnModel, name: str, wanted: Sequence[str] | None) -> Sequence[str]:
    """The labels of a model: its classes where they are words, else what the user says.

    Raises:
        ModelError: The classes are numbers and nobody names them, or the names given are not one
            per class, or are the classes in another order.
    """
    classes = [str(one) for one in model.labels]
    are_words = all(isinstance(one, str) for one in model.labels)
    if wanted is None:
        if are_words:
            return classes
        raise ModelError(
            f"'{name}' was fitted to the classes {', '.join(classes[:4])}, which tell nobody what "
            "they mean; pass labels= (--label in a shell), one for each in this order."
        )
    if len(wanted) != len(classes) or (are_words and _reorders(wanted, classes)):
        raise ModelError(
            f"The labels {', '.join(wanted)} were given for '{name}', whose classes are "
            f"{', '.join(classes)}; give one name for each, in this order."
        )
    return wanted


def _reorders(wanted: Sequence[str], classes: Sequence[str]) -> bool:
    """Whether these are the same labels in another order, which would turn all answers around."""
    given, known = canonical_labels(wanted), canonical_labels(classes)
    return set(given) == set(known) and given != known


def _logits(estimator: Any, clips: Float[np.ndarray, "batch time"]) -> np.ndarray:
    if not hasattr(estimator, "decision_function") or _votes_by_pairs(estimator):
        probabilities = np.asarray(estimator.predict_proba(clips), dtype=np.float64)
        return np.log(np.maximum(probabilities, PROBABILITY_FLOOR))
    decisions = np.asarray(estimator.decision_function(clips))
    return np.stack([-decisions / 2, decisions / 2], axis=1) if decisions.ndim == 1 else decisions


def _votes_by_pairs(estimator: Any) -> bool:
    """Whether a decision function has a column for each pair of classes instead of each class."""
    shape = getattr(_last_step(estimator), "decision_function_shape", "ovr")
    return shape == "ovo" and len(estimator.classes_) > 2


def _last_step(estimator: Any) -> Any:
    """What decides, inside of pipelines and searches for settings."""
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return estimator


def _classes(estimator: Any, name: str) -> tuple[Any, ...]:
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, np.ndarray) or classes.ndim != 1 or len(classes) < 2:
        raise ModelError(
            f"'{name}' has not one row of two or more classes (classes_); expected a classifier "
            "that gives each clip one class."
        )
    if _votes_by_pairs(estimator) and not hasattr(estimator, "predict_proba"):
        raise ModelError(
            f"'{name}' decides between pairs of classes and has no score for each; fit it with "
            "decision_function_shape='ovr'."
        )
    return tuple(classes.tolist())


def _stated_rate(estimator: Any) -> int | None:
    """The sample rate that the settings of all steps agree on."""
    settings = estimator.get_params().items()
    rates = {value for name, value in settings if name.split("__")[-1] == "sample_rate"}
    return int(rates.pop()) if len(rates) == 1 and None not in rates else None


def _fixed_length(estimator: Any) -> int | None:
    """Samples that are taken, where others are not; some first steps only remember theirs."""
    length = getattr(estimator, "n_features_in_", None)
    if length is None:
        return None
    try:
        _logits(estimator, np.random.default_rng(0).normal(size=(1, length + 1)).astype(np.float32))
    except Exception:  # whatever the first step says to clips it cannot take
        return int(length)
    return None


_WITHOUT_WEIGHT = ("memory", "n_jobs", "verbose")  # settings that change no answer


def estimator_digest(estimator: Any) -> str:
    """SHA-256 over the settings of an estimator and all it has learnt, in order of their names.

    Unlike its pickle this hangs neither on the version of scikit-learn nor on the order in which
    attributes were set, and it sees the source of functions, which a pickle names only.
    """
    digest = hashlib.sha256()
    for part in _parts(estimator, ()):
        digest.update(part + b"\0")
    return digest.hexdigest()


def _parts(value: Any, inside: tuple[int, ...]) -> Iterator[bytes]:
    """A value, taken apart down to numbers and text; `inside` are the objects that hold it."""
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}".encode()
    if id(value) in inside:
        yield b"itself"
        return
    within = (*inside, id(value))
    match value:
        case None | bool() | int() | float() | complex() | str() | bytes():
            yield repr(value).encode()
        case np.ndarray() if value.dtype.names:  # what lies between the fields is anything
            for name in value.dtype.names:
                yield from _parts(value[name], within)
        case np.ndarray() | np.generic() if not value.dtype.hasobject:
            yield f"{value.dtype} {value.shape}".encode() + np.ascontiguousarray(value).tobytes()
        case np.ndarray() | list() | tuple():
            for one in value:
                yield from _parts(one, within)
        case set() | frozenset():
            yield from sorted(b"\0".join(_parts(one, within)) for one in value)
        case Mapping():
            for key in sorted(value, key=repr):
                yield from (*_parts(key, within), *_parts(value[key], within))
        case Tensor():
            yield fingerprint({"": value}).encode()
        case nn.Module():
            yield fingerprint(value.state_dict()).encode()
        case type():
            yield f"{value.__module__}.{value.__qualname__}".encode()
        case _ if inspect.isroutine(value):
            yield function_digest(value).encode()
        case Estimator():
            yield _source(kind).encode()
            held = {name: one for name, one in vars(value).items() if name not in _WITHOUT_WEIGHT}
            yield from _parts(held, within)
        case _:
            yield from _parts(_reduced(value), within)


def _source(kind: type) -> str:
    """The text of a class of the user's own; scikit-learn's are known by their names."""
    if kind.__module__.startswith("sklearn."):
        return ""
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        return ""


def _reduced(value: Any) -> Any:
    """What any other object would be pickled from."""
    try:
        reduced = value.__reduce_ex__(4)
    except TypeError:  # a lock, an open file: nothing that is learnt
        return None
    if not isinstance(reduced, tuple):
        return reduced
    return [*reduced[1:3], *(list(items) for items in reduced[3:5] if items is not None)]

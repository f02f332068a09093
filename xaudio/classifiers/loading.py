"""One door for every model: `load_classifier`."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from perturbations.errors import UserError
from xaudio.classifiers.adapters.functions import function_digest, tensor_function
from xaudio.classifiers.adapters.sklearn_pipeline import Estimator, named_labels, read_estimator
from xaudio.classifiers.classifier import Classifier
from xaudio.classifiers.fit import Fit, parse_fit
from xaudio.errors import ModelError
from xaudio.models.registry import ModelSource, models
from xaudio.models.weights import load_strictly, read_state_dict

Spec = (
    str | os.PathLike[str] | Classifier | ModelSource | nn.Module | Estimator | Callable[..., Any]
)


@dataclass(frozen=True)
class Wishes:
    """What the user said beside the spec; None where nothing was said."""

    weights: Path | None = None
    device: str = "cpu"
    labels: Sequence[str] | None = None
    sample_rate: int | None = None
    fit: Fit | None = None


def load_classifier(
    spec: Spec,
    weights: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    labels: Sequence[str] | None = None,
    sample_rate: int | None = None,
    fit: str | Fit | None = None,
) -> Classifier:
    """Make a `Classifier` of anything that judges waveforms.

    Args:
        spec: A registered name (``lcnn``, ``aasist``); ``hf:<folder or id>`` of a Hugging Face
            audio classifier; the path of a ``.onnx`` or ``.pt2`` file; ``package.module:factory``,
            which is imported and called; a torch module; a fitted scikit-learn classifier or
            pipeline of arrays [clips, samples]; any function of arrays [batch, time].
        weights: A ``.safetensors`` or PyTorch state dict to put into the model.
        device: ``cpu``, ``cuda``, ``cuda:1``.
        labels: One per logit, in the model's order; needed where the model does not say.
        sample_rate: In hertz; needed where the model does not say.
        fit: How clips meet the model's input length, as in `xaudio.classifiers.fit`.

    Raises:
        ModelError: The model cannot be found, loaded or understood; says what would help.

    >>> class Louder(nn.Module):
    ...     def forward(self, waveform):
    ...         level = waveform.square().mean(dim=1)
    ...         return torch.stack([level, -level], dim=1)
    >>> import torch
    >>> load_classifier(Louder(), labels=("fake", "real"), sample_rate=16000)
    Classifier('Louder', 16000 Hz, spoof, bonafide, cpu)
    """
    wishes = Wishes(
        weights=None if weights is None else Path(weights),
        device=device,
        labels=labels,
        sample_rate=sample_rate,
        fit=parse_fit(fit) if isinstance(fit, str) else fit,
    )
    if isinstance(spec, os.PathLike):
        spec = os.fspath(spec)
    return _from_text(spec, wishes) if isinstance(spec, str) else _from_object(spec, wishes)


def _from_text(spec: str, wishes: Wishes) -> Classifier:
    if spec.startswith("hf:"):
        return _from_hugging_face(spec, wishes)
    if spec.endswith(".onnx"):
        return _from_onnx(spec, wishes)
    if spec.endswith(".pt2"):
        return _from_exported(spec, wishes)
    if Path(spec).suffix in (".joblib", ".pkl", ".pickle", ".skops"):
        raise ModelError(
            f"'{spec}' is refused: to read such a file can run code. If you trust it, write a "
            "function that loads and returns the model, and name that: package.module:factory."
        )
    if ":" in spec and not Path(spec).exists():
        return _from_factory(spec, wishes)
    if Path(spec).suffix in (".pth", ".pt", ".ckpt", ".bin", ".safetensors"):
        raise ModelError(
            f"'{spec}' is a weights file, which does not say what model it belongs to; name the "
            f"model and pass weights='{spec}' (--weights {spec} in a shell). There are: "
            f"{', '.join(models.names())}."
        )
    source = models.get(spec)(wishes.weights)
    return _from_source(source, spec, wishes)


def _from_object(spec: Any, wishes: Wishes) -> Classifier:
    if isinstance(spec, Classifier):
        return _as_it_is(spec, wishes)
    if isinstance(spec, ModelSource):
        return _from_source(spec, type(spec.module).__name__, wishes)
    if isinstance(spec, nn.Module):
        return _from_module(spec, type(spec).__name__, wishes)
    if isinstance(spec, Estimator):
        return _from_estimator(spec, type(spec).__name__, wishes)
    if callable(spec):
        return _from_function(spec, getattr(spec, "__name__", type(spec).__name__), wishes)
    raise ModelError(
        f"A {type(spec).__name__} was given as the model; expected a name, a file, a torch module, "
        "a scikit-learn classifier or a function of waveforms."
    )


def _as_it_is(classifier: Classifier, wishes: Wishes) -> Classifier:
    if any((wishes.weights, wishes.labels, wishes.sample_rate, wishes.fit)):
        raise ModelError(
            f"'{classifier.name}' is already a Classifier; say its weights, labels, rate and fit "
            "where it is made."
        )
    return classifier.to(wishes.device)


def _from_source(source: ModelSource, name: str, wishes: Wishes) -> Classifier:
    return Classifier(
        source.module,
        name,
        source.sample_rate,
        wishes.labels or source.labels,
        wishes.fit or parse_fit(source.fit),
        wishes.device,
        source.summary,
    )


def _from_module(module: nn.Module, name: str, wishes: Wishes) -> Classifier:
    if wishes.weights is not None:
        load_strictly(module, read_state_dict(wishes.weights), str(wishes.weights))
    labels, sample_rate = _said(module, name, wishes)
    return Classifier(module, name, sample_rate, labels, wishes.fit, wishes.device)


def _from_function(function: Callable[..., Any], name: str, wishes: Wishes) -> Classifier:
    _refuse_weights(name, wishes)
    labels, sample_rate = _said(function, name, wishes)
    return Classifier(
        tensor_function(function),
        name,
        sample_rate,
        labels,
        wishes.fit,
        wishes.device,
        digest=function_digest(function),
    )


def _from_estimator(estimator: Any, name: str, wishes: Wishes) -> Classifier:
    _refuse_weights(name, wishes)
    model = read_estimator(estimator, name)
    stated = replace(
        wishes,
        labels=named_labels(model, name, wishes.labels),
        sample_rate=wishes.sample_rate or model.sample_rate,
    )
    labels, sample_rate = _said(None, name, stated)
    fit = wishes.fit or _fit_for(model.length)
    return Classifier(model, name, sample_rate, labels, fit, wishes.device, digest=model.digest)


def _from_factory(spec: str, wishes: Wishes) -> Classifier:
    """Import and call what the user named; its answer may be any model object."""
    place, _, attribute = spec.partition(":")
    with _current_folder_on_path():
        made = _made(spec, place, attribute)
    if isinstance(made, nn.Module):
        return _from_module(made, attribute, wishes)
    if isinstance(made, Estimator):
        return _from_estimator(made, attribute, wishes)
    if isinstance(made, Classifier | ModelSource):
        _refuse_weights(spec, wishes)
    return _from_object(made, wishes)


def _made(spec: str, place: str, attribute: str) -> Any:
    """What a factory makes, or the module or pipeline that stands in its place."""
    try:
        factory = getattr(importlib.import_module(place), attribute)
    except Exception as error:  # whatever the user's file does while it is imported
        raise ModelError(
            f"'{spec}' cannot be imported: {type(error).__name__}: {error}. Expected "
            "package.module:factory, a function without arguments that returns a model."
        ) from None
    if isinstance(factory, nn.Module | Estimator) and not isinstance(factory, type):
        return factory
    try:
        return factory()
    except UserError:
        raise
    except Exception as error:  # whatever the user's code raises
        raise ModelError(
            f"'{spec}' was called without arguments and failed: {type(error).__name__}: {error}"
        ) from error


@contextmanager
def _current_folder_on_path() -> Iterator[None]:
    """With modules of the current folder importable, as in ``python -m``, behind all others."""
    folder = str(Path.cwd())
    sys.path.append(folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):  # the user's code may have tidied up already
            del sys.path[len(sys.path) - 1 - sys.path[::-1].index(folder)]


def _from_hugging_face(spec: str, wishes: Wishes) -> Classifier:
    from xaudio.classifiers.adapters.huggingface import read_hugging_face

    place = spec.removeprefix("hf:")
    read = read_hugging_face(place)
    if wishes.weights is not None:
        load_strictly(read.module.model, read_state_dict(wishes.weights), str(wishes.weights))
    fit = wishes.fit or parse_fit(f"any:{read.minimum}")
    labels = wishes.labels or read.labels
    return Classifier(
        read.module,
        Path(place).name,
        read.sample_rate,
        labels,
        fit,
        wishes.device,
        digest=read.digest,
    )


def _from_onnx(spec: str, wishes: Wishes) -> Classifier:
    from xaudio.classifiers.adapters.onnx_file import read_onnx

    _refuse_weights(spec, wishes)
    labels, sample_rate = _said(None, spec, wishes)
    model = read_onnx(Path(spec))
    fit = wishes.fit or _fit_for(model.length)
    name = Path(spec).stem
    return Classifier(model, name, sample_rate, labels, fit, wishes.device, digest=model.digest)


def _from_exported(spec: str, wishes: Wishes) -> Classifier:
    from xaudio.classifiers.adapters.exported import read_exported

    _refuse_weights(spec, wishes)
    labels, sample_rate = _said(None, spec, wishes)
    module, length, digest = read_exported(Path(spec))
    fit = wishes.fit or _fit_for(length)
    name = Path(spec).stem
    return Classifier(module, name, sample_rate, labels, fit, wishes.device, digest=digest)


def _fit_for(length: int | None) -> Fit:
    return parse_fit("any" if length is None else f"tile:{length}")


def _refuse_weights(name: str, wishes: Wishes) -> None:
    if wishes.weights is not None:
        raise ModelError(f"'{name}' brings its own weights; leave out weights= (--weights).")


def _said(model: Any, name: str, wishes: Wishes) -> tuple[Sequence[str], int]:
    """Labels and sample rate: the user's word, else the model's own attributes."""
    labels = wishes.labels or getattr(model, "labels", None)
    sample_rate = wishes.sample_rate or getattr(model, "sample_rate", None)
    if labels is None or sample_rate is None:
        raise ModelError(
            f"'{name}' does not say its "
            f"{'labels' if labels is None else 'sample rate'}; pass labels=, one per logit in the "
            "model's order, and sample_rate= in hertz (in a shell --label, once per logit, and "
            "--sample-rate)."
        )
    return labels, sample_rate

"""Hugging Face audio classifiers, from a folder or by id, with their feature extractor inside."""

import hashlib
import json
import logging
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from xaudio.classifiers.adapters.extractors import KaldiFilterBank, front_end_for
from xaudio.errors import ModelError


class WaveformClassifier(nn.Module):
    """A front end and a Hugging Face model, from waveform to logits."""

    def __init__(self, front_end: nn.Module, model: nn.Module):
        super().__init__()
        self.front_end = front_end
        self.model = model

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch classes"]:
        """The model's logits."""
        return self.model(self.front_end(waveform)).logits


@dataclass(frozen=True, eq=False)
class HuggingFaceModel:
    """A loaded classifier.

    Attributes:
        module: From waveform to logits.
        sample_rate: In hertz, as its feature extractor says.
        labels: As its configuration says, in order.
        minimum: Fewest samples it can judge.
        digest: SHA-256 of its configuration and its feature extractor's.
    """

    module: WaveformClassifier
    sample_rate: int
    labels: tuple[str, ...]
    minimum: int
    digest: str


def read_hugging_face(place: str) -> HuggingFaceModel:
    """Load an audio classifier; no code that comes with it is run.

    Args:
        place: A folder, or an id on the Hugging Face hub (its cache, else downloaded).

    Raises:
        ModelError: transformers is missing, the model is not there or is no audio classifier, or
            its classification head or its feature extractor is not available.
    """
    try:
        import transformers
    except ImportError:
        raise ModelError(
            "Hugging Face models need transformers: install xaudio with the extra 'hf'."
        ) from None
    local = Path(place).is_dir()
    if local and not (Path(place) / "preprocessor_config.json").is_file():
        raise ModelError(
            f"'{place}' has no preprocessor_config.json, so nobody can know how its input is "
            "prepared; save the model's feature extractor beside it."
        )
    with _quiet():
        extractor = _read(transformers.AutoFeatureExtractor, place, local)
        model, findings = _read(
            transformers.AutoModelForAudioClassification, place, local, output_loading_info=True
        )
        front_end = front_end_for(extractor, place)
    if findings["missing_keys"]:
        raise ModelError(
            f"'{place}' holds no weights for {sorted(findings['missing_keys'])[0]}: it is not a "
            "finished classifier. Give a model that was trained to classify."
        )
    labels = tuple(str(model.config.id2label[number]) for number in sorted(model.config.id2label))
    module = WaveformClassifier(front_end, model).eval()
    return HuggingFaceModel(
        module,
        extractor.sampling_rate,
        labels,
        _fewest_samples(module),
        _digest(model.config, extractor),
    )


def _read(loader: Any, place: str, local: bool, **options: Any) -> Any:
    from safetensors import SafetensorError

    try:
        return loader.from_pretrained(
            place, local_files_only=local, trust_remote_code=False, **options
        )
    except pickle.UnpicklingError:
        raise ModelError(
            f"'hf:{place}' is refused: its weights file is damaged or no plain state dict, and "
            "reading it could run code. Save the model again, with safetensors."
        ) from None
    except SafetensorError as error:
        raise ModelError(
            f"'hf:{place}' is refused: its safetensors file is damaged ({error}). Fetch or save it "
            "again."
        ) from None
    except Exception as error:  # a damaged file or configuration fails in many classes
        first = next((line for line in str(error).splitlines() if line.strip()), repr(error))
        reason = first.split(". ")[0].strip(". ")
        raise ModelError(
            f"'hf:{place}' cannot be loaded: {reason}. Expected a folder or id with "
            "config.json, preprocessor_config.json and the weights of an audio classifier."
        ) from None


def _digest(*configurations: Any) -> str:
    """SHA-256 of what the configurations say, wherever they lie and whoever wrote them."""
    said = [json.loads(each.to_json_string()) for each in configurations]
    kept = [
        {name: value for name, value in each.items() if name not in _NO_SETTINGS} for each in said
    ]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


_NO_SETTINGS = ("_name_or_path", "transformers_version")


def _fewest_samples(module: WaveformClassifier) -> int:
    """What the convolutions of a waveform model, or one frame of a filter bank, span."""
    if isinstance(module.front_end, KaldiFilterBank):
        return module.front_end.frame
    config: Any = module.model.config
    span = 1
    kernels, strides = getattr(config, "conv_kernel", ()), getattr(config, "conv_stride", ())
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        span = (span - 1) * stride + kernel
    return span


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the loader's progress bars and advice; what matters is raised."""
    from transformers.utils import logging as advice

    bars = advice.is_progress_bar_enabled()
    level = advice.get_verbosity()
    advice.disable_progress_bar()
    advice.set_verbosity(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        advice.set_verbosity(level)
        if bars:
            advice.enable_progress_bar()

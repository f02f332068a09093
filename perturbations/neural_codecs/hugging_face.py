"""EnCodec, DAC and Mimi through transformers, each as a `NeuralCodec`."""

import logging
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import CorruptionError
from perturbations.neural_codecs.coding import Coded, NeuralCodec
from perturbations.waveform import cut_or_pad

LOADING = Lock()
PATIENCE_SECONDS = 5.0


class EncodecCodec:
    """EnCodec; a stereo model hears the clip in both ears."""

    def __init__(self, model: Any):
        self.model = model
        self.sample_rate: int = model.config.sampling_rate
        self.bitrates_kbps = tuple(float(each) for each in model.config.target_bandwidths)

    @torch.no_grad()
    def round_trip(self, samples: Float[Tensor, " time"], bitrate_kbps: float) -> Coded:
        """See `NeuralCodec.round_trip`."""
        config = self.model.config
        padded = whole_frames(samples, config.hop_length)
        heard = padded.expand(1, config.audio_channels, -1)
        sent = self.model.encode(heard, bandwidth=bitrate_kbps)
        decoded = self.model.decode(
            sent.audio_codes,
            sent.audio_scales,
            last_frame_pad_length=sent.last_frame_pad_length,
        ).audio_values
        chunks, _, codebooks, _ = sent.audio_codes.shape
        codes = sent.audio_codes.numel() - codebooks * sent.last_frame_pad_length
        scales = 0 if sent.audio_scales[0] is None else 32 * chunks
        bits = codes * self.model.bits_per_codebook + scales
        return Coded(decoded[0].mean(0), bits)


class DacCodec:
    """The Descript Audio Codec."""

    def __init__(self, model: Any):
        self.model = model
        self.sample_rate: int = model.config.sampling_rate
        per_codebook = model.bits_per_codebook * self.sample_rate / model.config.hop_length / 1000
        self.bitrates_kbps = multiples(per_codebook, model.config.n_codebooks)

    @torch.no_grad()
    def round_trip(self, samples: Float[Tensor, " time"], bitrate_kbps: float) -> Coded:
        """See `NeuralCodec.round_trip`."""
        padded = whole_frames(samples, self.model.config.hop_length)
        codebooks = 1 + self.bitrates_kbps.index(bitrate_kbps)
        codes = self.model.encode(padded[None, None], n_quantizers=codebooks).audio_codes
        decoded = self.model.decode(audio_codes=codes).audio_values
        return Coded(decoded.flatten(), codes.numel() * self.model.bits_per_codebook)


class MimiCodec:
    """Mimi."""

    def __init__(self, model: Any):
        self.model = model
        self.sample_rate: int = model.config.sampling_rate
        per_codebook = model.bits_per_codebook * model.config.frame_rate / 1000
        self.bitrates_kbps = multiples(per_codebook, model.config.num_quantizers)

    @torch.no_grad()
    def round_trip(self, samples: Float[Tensor, " time"], bitrate_kbps: float) -> Coded:
        """See `NeuralCodec.round_trip`."""
        padded = whole_frames(samples, round(self.sample_rate / self.model.config.frame_rate))
        codebooks = 1 + self.bitrates_kbps.index(bitrate_kbps)
        codes = self.model.encode(padded[None, None], num_quantizers=codebooks).audio_codes
        decoded = self.model.decode(codes).audio_values
        return Coded(decoded.flatten(), codes.numel() * self.model.bits_per_codebook)


def whole_frames(samples: Float[Tensor, " time"], hop: int) -> Float[Tensor, " longer"]:
    """Zeros after the end, up to a whole number of frames."""
    return cut_or_pad(samples[None], -(-len(samples) // hop) * hop)[0]


def multiples(kbps: float, count: int) -> tuple[float, ...]:
    """One, two, up to `count` times a bit rate."""
    return tuple(kbps * number for number in range(1, count + 1))


KINDS: dict[str, tuple[str, Callable[[Any], NeuralCodec]]] = {
    "encodec": ("EncodecModel", EncodecCodec),
    "dac": ("DacModel", DacCodec),
    "mimi": ("MimiModel", MimiCodec),
}
PUBLISHED = {
    "encodec": "facebook/encodec_24khz",
    "dac": "descript/dac_16khz",
    "mimi": "kyutai/mimi",
}


def load_hugging_face(kind: str, model: str, device: str) -> NeuralCodec:
    """A codec from transformers, loaded once per device; the last four are kept.

    Loaded by one thread at a time: transformers changes torch's defaults while it loads.

    Args:
        kind: ``encodec``, ``dac`` or ``mimi``.
        model: A folder, or an id on the Hugging Face hub: its cache if it is there, else it is
            downloaded, unless ``HF_HUB_OFFLINE`` says not to.
        device: Where it is to live.

    Raises:
        CorruptionError: transformers is missing, or the weights are not there or do not fit.
    """
    with LOADING:
        return _loaded(kind, model, device)


@lru_cache(maxsize=4)
def _loaded(kind: str, model: str, device: str) -> NeuralCodec:
    try:
        import transformers
    except ImportError:
        raise CorruptionError(
            f"The codec '{kind}' needs transformers: install xaudio with the extra 'hf'."
        ) from None
    network_class, adapter = KINDS[kind]
    network, findings = _read(getattr(transformers, network_class), kind, model)
    if findings["missing_keys"]:
        raise CorruptionError(
            f"'{model}' holds no weights for {sorted(findings['missing_keys'])[0]}: it is no "
            f"finished '{kind}' codec."
        )
    return adapter(network.eval().to(device))


def _read(network_class: Any, kind: str, model: str) -> Any:
    """The network and what transformers says of its weights: from this machine, else the hub."""
    with _quiet():
        try:
            return network_class.from_pretrained(
                model, local_files_only=True, output_loading_info=True
            )
        except OSError:  # not on this machine
            pass
        try:
            check_reachable()
            return network_class.from_pretrained(model, output_loading_info=True)
        except Exception as fault:  # damage, and each kind of absence, has a class of its own
            reason = next((line for line in str(fault).splitlines() if line.strip()), repr(fault))
            raise CorruptionError(
                f"The weights of the codec '{kind}' cannot be had from '{model}': "
                f"{reason.split('. ')[0].strip('. ')}. Fetch them where there is a network (hf "
                f"download {PUBLISHED[kind]}), or give a folder that holds them: model=FOLDER."
            ) from None


def check_reachable() -> None:
    """Whether the hub answers at all, within seconds: its client would try again for half a minute.

    Raises:
        OSError: It does not, or this machine was told to stay offline.
    """
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise OSError("this machine was told to stay offline")
    if getproxies():  # it may be reached through one of them only
        return
    address = urlsplit(constants.ENDPOINT)
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname, port), PATIENCE_SECONDS).close()
    except OSError as fault:
        raise OSError("the hub cannot be reached from here") from fault


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the loader's progress bars and advice; what matters is raised."""
    from transformers.utils import logging as advice

    bars, level = advice.is_progress_bar_enabled(), advice.get_verbosity()
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

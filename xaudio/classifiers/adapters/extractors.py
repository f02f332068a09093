"""Hugging Face feature extractors as differentiable modules, so that relevance reaches the samples.

Each meets the extractor it stands for to 1e-3 of its normalised features.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from xaudio.errors import ModelError


class PlainWaveform(nn.Module):
    """``Wav2Vec2FeatureExtractor`` without ``do_normalize``: the samples as they are."""

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The same."""
        return waveform


class UnitVariance(nn.Module):
    """``Wav2Vec2FeatureExtractor`` with ``do_normalize``: zero mean and unit variance per clip."""

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The normalised samples."""
        centred = waveform - waveform.mean(dim=1, keepdim=True)
        return centred / (centred.square().mean(dim=1, keepdim=True) + 1e-7).sqrt()


class KaldiFilterBank(nn.Module):
    """``ASTFeatureExtractor``: Kaldi's log-mel bands, cut or filled to a fixed number of frames."""

    window: Tensor
    mel: Tensor
    frame, hop, transform = 400, 160, 512
    preemphasis = 0.97
    floor = 1.192092955078125e-07

    def __init__(
        self,
        sample_rate: int,
        bands: int,
        frames: int,
        mean: float,
        spread: float,
    ):
        super().__init__()
        from transformers.audio_utils import mel_filter_bank

        mel = mel_filter_bank(
            num_frequency_bins=self.transform // 2 + 1,
            num_mel_filters=bands,
            min_frequency=20,
            max_frequency=sample_rate // 2,
            sampling_rate=sample_rate,
            norm=None,
            mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )
        window = torch.hann_window(self.frame, periodic=False)
        self.register_buffer("window", window, persistent=False)
        self.register_buffer("mel", torch.tensor(mel, dtype=torch.float32), persistent=False)
        self.frames, self.mean, self.spread = frames, mean, spread

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frame band"]:
        """Normalised log energies."""
        cuts = waveform.unfold(1, self.frame, self.hop)[:, : self.frames]
        cuts = cuts - cuts.mean(dim=2, keepdim=True)
        before = torch.cat([cuts[:, :, :1], cuts[:, :, :-1]], dim=2)
        spectrum = torch.fft.rfft((cuts - self.preemphasis * before) * self.window, self.transform)
        power = spectrum.real.square() + spectrum.imag.square()
        bands = (power @ self.mel).clamp(min=self.floor).log()
        bands = pad(bands, (0, 0, 0, self.frames - bands.shape[1]))
        return (bands - self.mean) / self.spread


class WhisperLogMel(nn.Module):
    """``WhisperFeatureExtractor``: log10 mel bands of a fixed stretch, 80 dB deep."""

    window: Tensor
    mel: Tensor

    def __init__(self, mel: Tensor, transform: int, hop: int, samples: int):
        super().__init__()
        self.register_buffer("window", torch.hann_window(transform), persistent=False)
        self.register_buffer("mel", mel, persistent=False)
        self.transform, self.hop, self.samples = transform, hop, samples

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch band frame"]:
        """Bands of the clip, cut or filled with zeros to the fixed stretch."""
        cut = waveform[:, : self.samples]
        filled = pad(cut, (0, self.samples - cut.shape[1]))
        spectrum = torch.stft(
            filled, self.transform, self.hop, window=self.window, return_complex=True
        )[..., :-1]
        power = spectrum.real.square() + spectrum.imag.square()
        bands = (self.mel.T @ power).clamp(min=1e-10).log10()
        loudest = bands.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(bands, loudest - 8.0) + 4.0) / 4.0


def front_end_for(extractor: Any, model: str) -> nn.Module:
    """The module that does what `extractor` does.

    Raises:
        ModelError: It is of a kind for which there is none; names those for which there is.
    """
    kind = type(extractor).__name__
    if kind not in _FRONT_ENDS:
        raise ModelError(
            f"'{model}' prepares its input with {kind}, which is not available as a "
            f"differentiable front end; those that are: {', '.join(_FRONT_ENDS)}."
        )
    return _FRONT_ENDS[kind](extractor)


def _for_wav2vec2(extractor: Any) -> nn.Module:
    return UnitVariance() if extractor.do_normalize else PlainWaveform()


def _for_ast(extractor: Any) -> nn.Module:
    mean, spread = (extractor.mean, 2 * extractor.std) if extractor.do_normalize else (0.0, 1.0)
    bands, frames = extractor.num_mel_bins, extractor.max_length
    return KaldiFilterBank(extractor.sampling_rate, bands, frames, mean, spread)


def _for_whisper(extractor: Any) -> nn.Module:
    mel = torch.tensor(extractor.mel_filters, dtype=torch.float32)
    return WhisperLogMel(mel, extractor.n_fft, extractor.hop_length, extractor.n_samples)


_FRONT_ENDS = {
    "Wav2Vec2FeatureExtractor": _for_wav2vec2,
    "ASTFeatureExtractor": _for_ast,
    "WhisperFeatureExtractor": _for_whisper,
}

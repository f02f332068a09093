"""Clips as rows of numbers, for scikit-learn: statistics of spectral features over time."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array
from torch import Tensor

from xaudio.errors import ModelError
from xaudio.frontends import Framing, cosine_transform, linear_filter_bank, power_spectrogram

FEATURES = ("linear-bands", "mel-bands", "lfcc", "mfcc")


class SpectralStatistics(TransformerMixin, BaseEstimator):
    """Mean and standard deviation over time of log band energies or cepstral coefficients.

    It learns nothing and takes clips of any length, also of different lengths as a list. Three
    lines make a classifier that `xaudio.load_classifier` takes as it is:

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> statistics = SpectralStatistics(16000, "mfcc")
    >>> make_pipeline(statistics, StandardScaler(), LogisticRegression())
    Pipeline(...)

    Args:
        sample_rate: Of the clips, in Hz.
        features: ``linear-bands`` or ``mel-bands``, the logarithms of the energies in triangular
            bands of equal width in hertz or mel; ``lfcc`` or ``mfcc``, their cosine transforms
            (Davis and Mermelstein 1980).
        bands: Between 0 Hz and half the sample rate.
        coefficients: Rows of the cosine transform that are kept, at most `bands`.
        window: Length of the Hann windows in seconds.
        hop: From one window to the next, in seconds.
        floor: Added to the energies before the logarithm (full scale is 1).
        batch_size: Clips in memory at once.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        features: str = "lfcc",
        bands: int = 40,
        coefficients: int = 20,
        window: float = 0.02,
        hop: float = 0.01,
        floor: float = 1e-8,
        batch_size: int = 64,
    ):
        self.sample_rate = sample_rate
        self.features = features
        self.bands = bands
        self.coefficients = coefficients
        self.window = window
        self.hop = hop
        self.floor = floor
        self.batch_size = batch_size

    def fit(self, X: Any, y: Any = None) -> "SpectralStatistics":  # noqa: N803, ARG002
        """Look at the settings and the clips; there is nothing to learn.

        Raises:
            ModelError: A setting cannot be used.
            ValueError: The clips are no array of finite numbers, as everywhere in scikit-learn.
        """
        self._check()
        for _ in self._batches(X):
            pass
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "clips features"]:  # noqa: N803
        """The means, then the deviations, of each clip.

        Args:
            X: Clips ``[clips, samples]``, or a list of clips of different lengths.
        """
        self._check()
        rows = [self._statistics(torch.tensor(batch)).numpy() for batch in self._batches(X)]
        return np.concatenate(rows)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:  # noqa: ARG002
        """Names of the columns: ``lfcc_3_mean``."""
        count = self.coefficients if self._is_cepstrum else self.bands
        kinds = ("mean", "deviation")
        names = [f"{self.features}_{number}_{kind}" for kind in kinds for number in range(count)]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float32", "float64"]
        return tags

    @property
    def _is_cepstrum(self) -> bool:
        return self.features in ("lfcc", "mfcc")

    def _check(self) -> None:
        if self.features not in FEATURES:
            raise ModelError(
                f"There are no features '{self.features}'; there are: {', '.join(FEATURES)}."
            )
        counts = (self.sample_rate, self.bands, self.coefficients, self.batch_size)
        if min(counts) < 1 or (self._is_cepstrum and self.coefficients > self.bands):
            raise ModelError(
                f"{self.coefficients} coefficients of {self.bands} bands at {self.sample_rate} Hz "
                f"in batches of {self.batch_size} were asked for; give one or more of each, and "
                "no more coefficients than bands."
            )
        if not (self.window * self.sample_rate >= 2 and self.hop * self.sample_rate >= 1):
            raise ModelError(
                f"Windows of {self.window} s every {self.hop} s were asked for; at "
                f"{self.sample_rate} Hz a window needs two samples or more, and a hop one."
            )
        if not 0 < self.floor < math.inf:
            raise ModelError(f"A floor of {self.floor} was given; it must be above zero.")

    def _batches(self, clips: Any) -> Iterator[Float[np.ndarray, "batch time"]]:
        if _of_different_lengths(clips):
            for clip in clips:
                yield _checked(np.asarray(clip)[None])
            return
        array = _checked(clips)
        for first in range(0, len(array), self.batch_size):
            yield array[first : first + self.batch_size]

    def _statistics(self, clips: Float[Tensor, "batch time"]) -> Float[Tensor, "batch statistics"]:
        window = round(self.window * self.sample_rate)
        framing = Framing(
            transform=1 << (window - 1).bit_length(),
            window=window,
            hop=round(self.hop * self.sample_rate),
        )
        bank = self._bank(framing.transform).to(clips)
        columns = torch.log(bank @ power_spectrogram(clips, framing) + self.floor)
        if self._is_cepstrum:
            columns = cosine_transform(self.coefficients, self.bands).to(clips) @ columns
        deviation, mean = torch.std_mean(columns, dim=-1, correction=0)
        return torch.cat([mean, deviation], dim=-1)

    def _bank(self, transform: int) -> Float[Tensor, "bands bins"]:
        if self.features in ("linear-bands", "lfcc"):
            return linear_filter_bank(self.bands, transform, self.sample_rate)
        return mel_filter_bank(self.bands, transform, self.sample_rate)


def mel_filter_bank(bands: int, transform: int, sample_rate: int) -> Float[Tensor, "bands bins"]:
    """Triangles of equal width in mel, 0 Hz to half the sample rate, each of sum one.

    The mel of O'Shaughnessy (1987), ``2595 log10(1 + hertz / 700)``, as in HTK. A triangle too
    narrow to hold a bin is zero.
    """
    highest = 2595 * math.log10(1 + sample_rate / 2 / 700)
    mels = torch.linspace(0, highest, bands + 2, dtype=torch.float64)
    corners = (700 * (10 ** (mels / 2595) - 1))[:, None]
    bins = torch.linspace(0, sample_rate / 2, transform // 2 + 1, dtype=torch.float64)
    rising = (bins - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins) / (corners[2:] - corners[1:-1])
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles / triangles.sum(dim=1, keepdim=True).clamp(min=1e-12)).float()


def _of_different_lengths(clips: Any) -> bool:
    if not isinstance(clips, Sequence) or isinstance(clips, str):
        return False
    return len({np.shape(clip) for clip in clips if np.ndim(clip) == 1}) > 1


def _checked(clips: Any) -> Float[np.ndarray, "batch time"]:
    return np.asarray(check_array(clips, dtype=[np.float32, np.float64]))

"""Sources found by factorising the spectrogram into spectra and when each of them sounds."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts, SourceParts
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.soft_masks import masked_sources, source_grid

ITERATIONS = 200


@register_segmenter
@dataclass(frozen=True)
class Factorisation(Segmenter):
    """Sources by non-negative matrix factorisation of the magnitudes (Smaragdis and Brown 2003).

    Kullback-Leibler divergence, multiplicative updates (Lee and Seung 2001). A source is the clip
    under its share of the model in every cell of the complex spectrum, so the sources add up to
    the clip. They are ordered and named by the middle of their spectra.

    Attributes:
        count: Of sources.
        seed: Of the start.
    """

    count: int
    seed: int = 0

    name: ClassVar[str] = "nmf"
    form: ClassVar[str] = "nmf:COUNT[:SEED]"
    summary: ClassVar[str] = "Sources found by factorising the spectrogram."

    def __post_init__(self) -> None:
        if self.count < 1 or self.seed < 0:
            raise ExplanationError(
                f"{self.count} sources from seed {self.seed} were asked for; give one source or "
                "more and a seed of zero or more."
            )

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The sources, from low to high; those of a silent clip are silent."""
        sources, shares = masked_sources(waveform, sample_rate, self._shares)
        grid = source_grid(sample_rate)
        power = grid.transform(waveform[None].double())[0].abs().square().numpy()
        centres = [_median_hertz((power * share**2).sum(axis=1), sample_rate) for share in shares]
        order = np.argsort(centres, kind="stable")
        names = tuple(
            f"source {number}, around {centres[which]:.0f} Hz"
            for number, which in enumerate(order, start=1)
        )
        return SourceParts(names, sources[order.tolist()], sample_rate)

    def _shares(
        self, magnitude: Float[np.ndarray, "bins frames"]
    ) -> Float[np.ndarray, "sources bins frames"]:
        from sklearn.decomposition import NMF

        if not magnitude.any():
            return np.full((self.count, *magnitude.shape), 1 / self.count)
        factorise = NMF(
            self.count,
            init="random",
            solver="mu",
            beta_loss="kullback-leibler",
            max_iter=ITERATIONS,
            tol=0,
            random_state=self.seed,
        )
        spectra = factorise.fit_transform(magnitude / magnitude.max())
        model = np.einsum("bs,sf->sbf", spectra, factorise.components_) + np.finfo(float).eps
        return model / model.sum(axis=0)


def _median_hertz(power: Float[np.ndarray, " bins"], sample_rate: int) -> float:
    """Half of the power lies below."""
    below = np.cumsum(power)
    return float(np.searchsorted(below, below[-1] / 2)) * sample_rate / 2 / (len(power) - 1)

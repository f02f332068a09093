"""Bootstrap draws of speakers, one set for a whole sweep, so that every comparison is paired."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from xaudio.metrics.uncertainty.resampling import Deletions, plan_resampling
from xaudio.sweeps.tables.clips import Clips


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each part of the clips counts in each bootstrap replicate and each deletion.

    Attributes:
        weights: Times each part counts: in the replicates first, then with one group of speakers
            left out each time, by which the jackknife judges the replicates.
        part: Which part each clip of the sweep is in: those of one speaker, or of a random group of
            speakers where there are very many, or the clip alone where its class has one speaker.
        cluster: The number of each clip's speaker.
        samples: How many replicates there are.
        deletions: What was left out.
    """

    weights: Float[np.ndarray, "part draw"]
    part: Int[np.ndarray, " clip"]
    cluster: Int[np.ndarray, " clip"]
    samples: int
    deletions: tuple[Deletions, ...]

    @classmethod
    def of(cls, clips: Clips, *, samples: int, seed: int, cluster: str) -> "Draws":
        """Draws for the clips of a sweep, as `xaudio.metrics.uncertainty` makes them.

        Args:
            clips: All of the sweep's.
            samples: Replicates.
            seed: Of the random numbers.
            cluster: What clips share that are drawn together, for example ``"speaker"``.
        """
        numbers = clips.clusters(cluster)
        if not len(clips):
            return cls(np.empty((0, samples)), numbers, numbers, samples, ())
        plan = plan_resampling(clips.is_bonafide, numbers, samples=samples, seed=seed)
        deletions = tuple(plan.deletions())
        blocks = [*plan.weights(), *(each.weights for each in deletions)]
        weights = np.concatenate([block.T for block in blocks], axis=1)
        return cls(weights, plan.unit, numbers, samples, deletions)

    def count(self, clip: Int[np.ndarray, " row"]) -> int:
        """How many parts the rows come from.

        Args:
            clip: Which clip of the sweep each row is about.
        """
        return len(np.unique(self.part[clip]))

    def sums(
        self, clip: Int[np.ndarray, " row"], amounts: Float[np.ndarray, "quantity row"]
    ) -> Float[np.ndarray, "quantity draw"]:
        """The sum of each quantity over the rows, in every draw.

        Args:
            clip: Which clip of the sweep each row is about.
            amounts: What each row adds.
        """
        part, parts = self.part[clip], len(self.weights)
        return np.stack([np.bincount(part, each, parts) for each in amounts]) @ self.weights

    def histograms(
        self, clip: Int[np.ndarray, " row"], bins: Int[np.ndarray, " row"], count: int
    ) -> Float[np.ndarray, "bin draw"]:
        """How many of the rows lie in each bin, in every draw.

        Args:
            clip: Which clip of the sweep each row is about.
            bins: Which bin each row is in.
            count: Of the bins.
        """
        from scipy.sparse import coo_array

        ones = np.ones(len(clip))
        counted = coo_array((ones, (bins, self.part[clip])), (count, len(self.weights)))
        return counted.tocsr() @ self.weights

"""How far an explanation moved, under which conditions that counts, and how often it did.

The conditions are those of the attribution attack success rate (AASR) of Audio-XAI (arXiv
2606.14466): the decision is kept, the cosine of the maps and the overlap of their strongest cells
fall below a limit, and the clip still sounds as it did.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from perturbations.attacks.attacked import snr_db
from perturbations.attacks.explanations.similarity import (
    TOP_SHARE,
    cosine_similarity,
    rank_correlation,
    top_overlap,
)
from perturbations.errors import CorruptionError

NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Criteria:
    """What counts as a success; the defaults are Audio-XAI's, but for ViSQOL, which we lack.

    Attributes:
        cosine: The cosine of both maps is below this.
        overlap: The share of strongest cells in common is below this.
        share: How many cells count as strongest.
        pesq: Wide-band PESQ is at least this.
        stoi: STOI is at least this.
    """

    cosine: float = 0.4
    overlap: float = 0.3
    share: float = TOP_SHARE
    pesq: float = 3.0
    stoi: float = 0.85


@dataclass(frozen=True)
class AttackedExplanation:
    """One clip's explanation before and after, and whether each condition of a success held.

    Attributes:
        cosine: Of the two maps, -1 to 1.
        overlap: Share of their strongest cells in common, 0 to 1.
        rank_correlation: Spearman's, of the magnitudes.
        decision_kept: Same label, score within the tolerance.
        snr_db: The clip over what was added to it, in dB.
        pesq: None where it could not be measured; see `perturbations.certificates`.
        stoi: Likewise.
        criteria: The limits.
    """

    cosine: float
    overlap: float
    rank_correlation: float
    decision_kept: bool
    snr_db: float
    pesq: float | None
    stoi: float | None
    criteria: Criteria = Criteria()

    @classmethod
    def measured(
        cls,
        clean: Float[Tensor, " time"],
        attacked: Float[Tensor, " time"],
        sample_rate: int,
        before: Float[Tensor, " cells"],
        after: Float[Tensor, " cells"],
        *,
        decision_kept: bool,
        criteria: Criteria | None = None,
    ) -> "AttackedExplanation":
        """Compare two clips of one length and their relevance on the same cells.

        Args:
            clean: The clip.
            attacked: What became of it, aligned with it.
            sample_rate: In hertz.
            before: Relevance of the clean clip.
            after: Relevance of the attacked one, aligned likewise.
            decision_kept: Whether the decision is.
            criteria: The limits; the published ones when not given.
        """
        from perturbations.certificates.quality import pesq_score, stoi_score

        criteria = criteria or Criteria()
        pair = clean.detach().cpu().numpy(), attacked.detach().cpu().numpy()
        maps = before.detach().cpu().double()[None], after.detach().cpu().double()[None]
        return cls(
            cosine=float(cosine_similarity(*maps)[0].clamp(-1, 1)),
            overlap=float(top_overlap(*maps, criteria.share)[0]),
            rank_correlation=float(rank_correlation(*maps)[0].clamp(-1, 1)),
            decision_kept=decision_kept,
            snr_db=float(snr_db(clean[None].cpu(), attacked[None].cpu())[0]),
            pesq=pesq_score(*pair, sample_rate),
            stoi=stoi_score(*pair, sample_rate),
            criteria=criteria,
        )

    @property
    def map_moved(self) -> bool:
        """Whether the cosine fell below its limit."""
        return self.cosine < self.criteria.cosine

    @property
    def strongest_moved(self) -> bool:
        """Whether the overlap did."""
        return self.overlap < self.criteria.overlap

    @property
    def sounds_good(self) -> bool:
        """Whether both qualities reach their limits; what could not be measured does not."""
        good_pesq = self.pesq is not None and self.pesq >= self.criteria.pesq
        return good_pesq and self.stoi is not None and self.stoi >= self.criteria.stoi

    @property
    def moved(self) -> bool:
        """Whether the explanation moved and the decision was kept, however it sounds."""
        return self.decision_kept and self.map_moved and self.strongest_moved

    @property
    def succeeded(self) -> bool:
        """All conditions together: what the AASR counts."""
        return self.moved and self.sounds_good

    def as_dict(self) -> dict[str, Any]:
        """The figures and the conditions, as JSON can hold them."""
        conditions = ("map_moved", "strongest_moved", "sounds_good", "moved", "succeeded")
        figures = {**asdict(self), "snr_db": self.snr_db if math.isfinite(self.snr_db) else None}
        return {**figures, **{name: getattr(self, name) for name in conditions}}


@dataclass(frozen=True)
class Rate:
    """A share of clips with its 95 % interval (Wilson 1927).

    Attributes:
        share: 0 to 1.
        low: Lower end.
        high: Upper end.
        count: Of clips.
    """

    share: float
    low: float
    high: float
    count: int


def success_rate(outcomes: Sequence[bool]) -> Rate:
    """How often it was so; the AASR is that of `AttackedExplanation.succeeded`.

    Raises:
        CorruptionError: There is nothing to count.

    >>> rate = success_rate([True, False, False, False, True])
    >>> rate.share, round(rate.low, 3), round(rate.high, 3)
    (0.4, 0.118, 0.769)
    """
    count = len(outcomes)
    if not count:
        raise CorruptionError("A success rate was asked of no clips; give one or more.")
    share, square = sum(outcomes) / count, NORMAL_95**2
    centre = (share + square / (2 * count)) / (1 + square / count)
    spread = math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    half = NORMAL_95 * spread / (1 + square / count)
    return Rate(share, max(0.0, centre - half), min(1.0, centre + half), count)

"""The clean maps of a clip beside those of its corrupted version: every measure, one row of it."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float

from explainers.axes import regular_edges
from explainers.projection import Stretch
from xaudio.errors import MetricError
from xaudio.sweeps.explanation_drift.carrying import STEP_SECONDS, CarriedBack
from xaudio.sweeps.explanation_drift.maps import RelevanceMaps
from xaudio.sweeps.explanation_drift.measures import (
    covered_shares,
    direction_cosine,
    earth_mover_seconds,
    mass_inside,
    peak_seconds,
    rank_correlation,
    top_count,
    top_overlap,
)

FEWEST_CELLS = 2


@dataclass(frozen=True)
class Comparison:
    """How far relevance moved, on the cells that the corrupted clip still holds.

    What cannot be told is None: distances where a map has no relevance of that sign, masses without
    annotated segments, tiles where the method knows no frequencies.

    Attributes:
        spearman: Rank correlation of signed relevance over time, -1 to 1.
        cosine: Cosine of signed relevance over time, -1 to 1.
        top_overlap: Share of the strongest tenth of the cells in common; by chance `top_chance`.
        top_chance: What that share is for maps drawn at random.
        earth_mover_seconds: How far relevance of either sign was carried on average.
        evidence_mover_seconds: The same of evidence for the target alone.
        peak_seconds: How far the strongest cell moved.
        tile_spearman: As `spearman`, over time x frequency.
        tile_cosine: As `cosine`, over time x frequency.
        tile_top_overlap: As `top_overlap`, over time x frequency; by chance more, where bands
            differ: what shuffled relevance gets, whose bands stay.
        inside_clean: Share of the clean clip's evidence that lies in the annotated segments.
        inside: The same of the corrupted clip, evidence outside the original counted as elsewhere.
        inside_change: `inside` less `inside_clean`.
        inside_chance: What both are for relevance spread evenly: the segments' share of the time.
        compared: Share of the original's cells that the corrupted clip still holds.
        outside: Share of relevance, of either sign, that lies on instants the original lacks.
    """

    spearman: float
    cosine: float
    top_overlap: float
    top_chance: float
    earth_mover_seconds: float | None
    evidence_mover_seconds: float | None
    peak_seconds: float
    tile_spearman: float | None
    tile_cosine: float | None
    tile_top_overlap: float | None
    inside_clean: float | None
    inside: float | None
    inside_change: float | None
    inside_chance: float | None
    compared: float
    outside: float


MEASURES = tuple(field.name for field in fields(Comparison))


def compare(
    clean: RelevanceMaps,
    moved: RelevanceMaps,
    seconds: float,
    segments: tuple[Stretch, ...] = (),
    step: float = STEP_SECONDS,
) -> Comparison:
    """Every measure between the clean clip's maps and those carried back.

    Args:
        clean: Of the original.
        moved: Of the corrupted clip, on the original's clock.
        seconds: Length of the original.
        segments: Annotated stretches (start, end) of the original, in seconds, without overlap.
        step: Length of the cells in seconds, as both were made with.

    Raises:
        MetricError: The corrupted clip holds too little of the original to compare.
    """
    edges = regular_edges(seconds, step)
    there = moved.over_time.there
    cells = int(there.sum())
    if cells < FEWEST_CELLS:
        raise MetricError(
            f"The corrupted clip holds {cells} cells of {step:g} s of the original's "
            f"{len(there)}; a comparison needs {FEWEST_CELLS} or more."
        )
    before, after = clean.over_time.relevance[there], moved.over_time.relevance[there]
    middles = ((edges[:-1] + edges[1:]) / 2)[there]
    return Comparison(
        spearman=rank_correlation(before, after),
        cosine=direction_cosine(before, after),
        top_overlap=top_overlap(np.abs(before), np.abs(after)),
        top_chance=top_count(cells) / cells,
        earth_mover_seconds=earth_mover_seconds(np.abs(before), np.abs(after), middles),
        evidence_mover_seconds=earth_mover_seconds(_evidence(before), _evidence(after), middles),
        peak_seconds=peak_seconds(np.abs(before), np.abs(after), middles),
        **_over_tiles(clean.over_tiles, moved.over_tiles),
        **_inside(before, after, moved.over_time.outside, covered_shares(segments, edges)[there]),
        compared=cells / len(there),
        outside=_outside(moved.over_time),
    )


def _over_tiles(clean: CarriedBack | None, moved: CarriedBack | None) -> dict[str, float | None]:
    if clean is None or moved is None:
        return dict.fromkeys(("tile_spearman", "tile_cosine", "tile_top_overlap"))
    before = clean.relevance[:, moved.there].ravel()
    after = moved.relevance[:, moved.there].ravel()
    return {
        "tile_spearman": rank_correlation(before, after),
        "tile_cosine": direction_cosine(before, after),
        "tile_top_overlap": top_overlap(np.abs(before), np.abs(after)),
    }


def _inside(
    before: Float[np.ndarray, " cells"],
    after: Float[np.ndarray, " cells"],
    outside: Float[np.ndarray, " outer"],
    covered: Float[np.ndarray, " cells"],
) -> dict[str, float | None]:
    """Masses in the segments, where the corrupted clip holds any of them and of the rest."""
    if not (covered.any() and (covered < 1).any()):
        return dict.fromkeys(("inside_clean", "inside", "inside_change", "inside_chance"))
    clean = mass_inside(_evidence(before), covered, 0.0)
    moved = mass_inside(_evidence(after), covered, float(_evidence(outside).sum()))
    return {
        "inside_clean": clean,
        "inside": moved,
        "inside_change": None if clean is None or moved is None else moved - clean,
        "inside_chance": float(covered.mean()),
    }


def _outside(moved: CarriedBack) -> float:
    outside = float(np.abs(moved.outside).sum())
    whole = outside + float(np.abs(moved.relevance).sum())
    return outside / whole if whole > 0 else 0.0


def _evidence(relevance: Float[np.ndarray, " cells"]) -> Float[np.ndarray, " cells"]:
    """What speaks for the target."""
    return np.maximum(relevance, 0.0)

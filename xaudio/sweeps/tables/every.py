"""All tables of a sweep from one pass over its rows."""

import pyarrow as pa

from xaudio.sweeps.tables.attacks import attacks_from, kind_rows
from xaudio.sweeps.tables.calibration import calibration_from, reliability_rows
from xaudio.sweeps.tables.conditions import Row, conditions_from
from xaudio.sweeps.tables.corruption_errors import corruption_errors_from
from xaudio.sweeps.tables.outcomes import Outcome, draws_of, looks, outcome
from xaudio.sweeps.tables.pairs import pairs_from
from xaudio.sweeps.tables.ranks import ranks_from
from xaudio.sweeps.tables.same_clips import SameClips
from xaudio.sweeps.tables.sources import RowSource, source_of
from xaudio.sweeps.tables.thresholds import thresholds_from


def tables_of(
    rows: pa.Table | RowSource,
    *,
    samples: int = 1000,
    seed: int = 0,
    cluster: str = "speaker",
    reference: str | None = None,
) -> dict[str, pa.Table]:
    """All tables of a sweep by name; its rows are read once, one condition at a time.

    Args:
        rows: A store, or score rows.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.
        cluster: What clips share that are drawn together.
        reference: The model whose corruption errors count 1; the first one if not given.

    Returns:
        `conditions`, `pairs`, `ranks`, `corruption_errors`, `attacks`, `thresholds`,
        `calibration`.
    """
    source = source_of(rows)
    draws = draws_of(source, samples=samples, seed=seed, cluster=cluster)
    found: list[Outcome] = []
    kinds: list[Row] = []
    points: list[Row] = []
    for look in looks(source):
        found.append(outcome(look, draws))
        kinds += kind_rows(look, draws)
        points += reliability_rows(look)
    return {
        "conditions": conditions_from(found),
        "pairs": pairs_from(found, SameClips(source, draws)),
        "ranks": ranks_from(found),
        "corruption_errors": corruption_errors_from(found, reference=reference),
        "attacks": attacks_from(kinds),
        "thresholds": thresholds_from(found),
        "calibration": calibration_from(points),
    }

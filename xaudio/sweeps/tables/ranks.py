"""Which model comes first under each condition, and how sure that order is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from xaudio.metrics.ranks import kendall_tau, mean_ranks, middle_ranks, rank_shares
from xaudio.sweeps.conditions import CLEAN
from xaudio.sweeps.tables.outcomes import Outcome, outcomes
from xaudio.sweeps.tables.sources import RowSource

ERRORS = ("error", "eer_refitted")

RANK_SCHEMA = pa.schema(
    [
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("error", pa.string()),
        ("model", pa.string()),
        ("value", pa.float64()),
        ("rank", pa.float64()),
        ("rank_low", pa.int32()),
        ("rank_high", pa.int32()),
        ("first", pa.float64()),
        ("order_kept", pa.float64()),
        ("tau_with_clean", pa.float64()),
    ]
)


def rank_table(
    rows: pa.Table | RowSource, *, samples: int = 1000, seed: int = 0, cluster: str = "speaker"
) -> pa.Table:
    """The models' ranks under each condition, by each of two errors.

    Every replicate of the bootstrap ranks all models on the same speakers.

    | column | |
    | --- | --- |
    | `rank` | 1 for the fewest errors; models that err alike share their mean rank |
    | `rank_low`, `rank_high` | between which lie 95 % of its ranks over replicates; models that
      tie hold their ranks in equal parts |
    | `first` | share of replicates in which it comes first |
    | `order_kept` | of the condition: share of pairs of models that a replicate orders as here,
      where they differ; ties count half, and 0.5 is an order by chance |
    | `tau_with_clean` | of the condition: Kendall's tau-b of the models' order with that on the
      clean clips, -1 to 1; null where either has all models alike |

    Args:
        rows: Score rows, or a store to read them from, one model and condition at a time.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.
        cluster: What clips share that are drawn together.

    Returns:
        The columns of `RANK_SCHEMA`. A model without that error under a condition is not ranked.
    """
    return ranks_from(outcomes(rows, samples=samples, seed=seed, cluster=cluster))


def ranks_from(found: Sequence[Outcome]) -> pa.Table:
    """The rank table of outcomes."""
    rows = []
    for error in ERRORS:
        together: dict[tuple[str, int], list[Outcome]] = {}
        for each in found:
            if error in each.figures:
                together.setdefault(each.place[1:], []).append(each)
        clean = {
            each.place.model: each.figures[error].value for each in together.get((CLEAN, 0), [])
        }
        for condition, models in sorted(together.items()):
            rows += _rows(error, condition, models, clean)
    return pa.Table.from_pylist(rows, schema=RANK_SCHEMA)


def _rows(
    error: str, condition: tuple[str, int], models: list[Outcome], clean: dict[str, float]
) -> list[dict[str, Any]]:
    figures = [each.figures[error] for each in models]
    values = np.array([figure.value for figure in figures])
    drawn = np.stack([figure.drawn[: figure.draws.samples] for figure in figures])
    drawn = drawn[:, ~np.isnan(drawn).any(axis=0)]
    if not drawn.size:
        return []
    shared = {
        "corruption": condition[0],
        "severity": condition[1],
        "error": error,
        "order_kept": _order_kept(values, drawn),
        "tau_with_clean": _tau(values, [clean.get(each.place.model) for each in models]),
    }
    shares = rank_shares(drawn)
    columns = (values, mean_ranks(values), *middle_ranks(shares), shares[:, 0])
    names = ("value", "rank", "rank_low", "rank_high", "first")
    return [
        shared | {"model": each.place.model} | dict(zip(names, row, strict=True))
        for each, row in zip(
            models, zip(*(column.tolist() for column in columns), strict=True), strict=True
        )
    ]


def _order_kept(
    values: Float[np.ndarray, " model"], drawn: Float[np.ndarray, "model replicate"]
) -> float | None:
    """Share of pairs that differ here and are ordered alike in a replicate."""
    one, other = np.triu_indices(len(values), 1)
    here = np.sign(values[one] - values[other])
    there = np.sign(drawn[one] - drawn[other])[here != 0]
    if not there.size:
        return None
    return float(np.mean((1.0 + here[here != 0][:, None] * there) / 2.0))


def _tau(values: Float[np.ndarray, " model"], clean: list[float | None]) -> float | None:
    """Of the models that have an error on both sides."""
    known = [pair for pair in zip(values.tolist(), clean, strict=True) if pair[1] is not None]
    if len(known) < 2:
        return None
    tau = float(kendall_tau(list(zip(*known, strict=True)))[0, 1])
    return None if np.isnan(tau) else tau

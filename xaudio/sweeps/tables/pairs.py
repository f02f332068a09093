"""Which differences are beyond chance: model against model, and each condition against clean."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import pyarrow as pa

from xaudio.metrics.holm import holm
from xaudio.sweeps.tables.figures import difference
from xaudio.sweeps.tables.outcomes import Outcome, draws_of, looks, outcome
from xaudio.sweeps.tables.same_clips import SameClips
from xaudio.sweeps.tables.sources import RowSource, source_of

ERRORS = ("error", "eer_refitted", "false_rejection", "false_acceptance")
LEVEL = 0.05
MODELS, FROM_CLEAN = "models", "clean"

PAIR_SCHEMA = pa.schema(
    [
        ("comparison", pa.string()),
        ("model", pa.string()),
        ("other_model", pa.string()),
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("error", pa.string()),
        ("clips", pa.int64()),
        ("value", pa.float64()),
        ("other_value", pa.float64()),
        ("difference", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("p", pa.float64()),
        ("p_holm", pa.float64()),
        ("significant", pa.bool_()),
    ]
)

Row = dict[str, Any]


def paired_table(
    rows: pa.Table | RowSource, *, samples: int = 1000, seed: int = 0, cluster: str = "speaker"
) -> pa.Table:
    """Every model against every other, and every condition against the clean clips.

    Both sides are drawn together: the same speakers, the same clips. What two models find hard
    alike, or a clip that is hard clean and corrupted, therefore cancels out, and much smaller
    differences can be told than from two intervals beside each other.

    | column | |
    | --- | --- |
    | `comparison` | ``"models"``: `model` minus `other_model` under the same condition, each pair
      once; ``"clean"``: the model under the condition minus the same model on clean clips |
    | `error` | what is compared: `error` at the threshold fixed on clean clips, `eer_refitted`, or
      one kind of error at the fixed threshold |
    | `clips` | scores on the first side. Both sides count the clips that both have a score for, so
      where clips failed values are not quite those of the condition table |
    | `difference` | `value` - `other_value`, with its 95 % interval `low` to `high` |
    | `p` | two-sided, that there is none |
    | `p_holm` | the same after Holm's correction over all cells of one comparison and one `error`:
      of all that is called significant, anything is false with a chance of 5 % at most |
    | `significant` | whether `p_holm` is 0.05 at most |

    Thresholds are held fixed: their own uncertainty is no part of the intervals of errors at them.

    Args:
        rows: Score rows, or a store to read them from, one model and condition at a time.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.
        cluster: What clips share that are drawn together.

    Returns:
        The columns of `PAIR_SCHEMA`.
    """
    source = source_of(rows)
    draws = draws_of(source, samples=samples, seed=seed, cluster=cluster)
    return pairs_from([outcome(look, draws) for look in looks(source)], SameClips(source, draws))


def pairs_from(found: Sequence[Outcome], same: SameClips) -> pa.Table:
    """The paired table of outcomes.

    Args:
        found: Of all models and conditions.
        same: Of the same sweep and draws.
    """
    pairs = {
        comparison: [same.pair(*pair) for pair in together]
        for comparison, together in (
            (MODELS, _models_apart(found)),
            (FROM_CLEAN, _apart_from_clean(found)),
        )
    }
    rows = [
        row
        for comparison, family in pairs.items()
        for error in ERRORS
        for row in _family(comparison, error, family)
    ]
    return pa.Table.from_pylist(rows, schema=PAIR_SCHEMA)


Pair = tuple[Outcome, Outcome]


def _models_apart(found: Sequence[Outcome]) -> Iterator[Pair]:
    """Under each condition every model with every later one."""
    conditions: dict[tuple[str, int], list[Outcome]] = {}
    for each in found:
        conditions.setdefault(each.place[1:], []).append(each)
    for _, together in sorted(conditions.items()):
        yield from combinations(together, 2)


def _apart_from_clean(found: Sequence[Outcome]) -> Iterator[Pair]:
    """Each model under each corruption with itself on the clean clips."""
    clean = {each.place.model: each for each in found if each.place == each.place.clean}
    for each in sorted(found, key=lambda each: each.place):
        if each.place.model in clean and each.place != each.place.clean:
            yield each, clean[each.place.model]


def _family(comparison: str, error: str, pairs: Sequence[Pair]) -> list[Row]:
    """One error's differences, with p-values that count how many they are."""
    found = [
        _row(comparison, error, one, other)
        for one, other in pairs
        if error in one.figures and error in other.figures
    ]
    rows = [row for row in found if row is not None]
    adjusted = holm([row["p"] for row in rows])
    for row, p_holm in zip(rows, adjusted, strict=True):
        row |= {"p_holm": float(p_holm), "significant": bool(p_holm <= LEVEL)}
    return rows


def _row(comparison: str, error: str, one: Outcome, other: Outcome) -> Row | None:
    apart = difference(one.figures[error], other.figures[error])
    if apart is None:
        return None
    interval = apart.interval()
    return {
        "comparison": comparison,
        **one.place._asdict(),
        "other_model": other.place.model,
        "error": error,
        "clips": one.clips,
        "value": one.value(error),
        "other_value": other.value(error),
        "difference": apart.value,
        "low": interval.low,
        "high": interval.high,
        "p": apart.p_value,
    }

"""Which attacks and codecs go wrong where: the cube of attack, codec, corruption and severity."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.metrics import eer
from xaudio.sweeps.tables.clips import Clips
from xaudio.sweeps.tables.conditions import PLACE, with_interval
from xaudio.sweeps.tables.draws import Draws
from xaudio.sweeps.tables.figures import Figure, Share, share_figures
from xaudio.sweeps.tables.outcomes import Look, draws_of, looks
from xaudio.sweeps.tables.scored import decisions
from xaudio.sweeps.tables.sources import RowSource, source_of

KIND = ("label", "attack", "codec")

ATTACK_SCHEMA = pa.schema(
    [
        *PLACE,
        *((name, pa.string()) for name in KIND),
        ("clips", pa.int64()),
        ("failed", pa.int64()),
        ("clusters", pa.int64()),
        *with_interval("error"),
        ("eer_refitted", pa.float64()),
        ("flipped", pa.float64()),
        ("score_shift", pa.float64()),
    ]
)


def attack_table(
    rows: pa.Table | RowSource, *, samples: int = 1000, seed: int = 0, cluster: str = "speaker"
) -> pa.Table:
    """How each kind of clip fares under each condition: its label, its attack and its codec.

    | column | |
    | --- | --- |
    | `clusters` | how many speakers `clips` are of |
    | `error` | share decided wrongly at the threshold fixed on clean clips: false rejections where
      the label is bona fide, false acceptances of an attack elsewhere |
    | `eer_refitted` | of one attack's clips against all bona fide ones of the same codec, at a
      threshold of their own |
    | `flipped` | share decided otherwise than when clean |
    | `score_shift` | mean change of a clip's score |

    Args:
        rows: Score rows, or a store to read them from.
        samples: Bootstrap replicates of the intervals.
        seed: Of the bootstrap.
        cluster: What clips share that are drawn together.

    Returns:
        The columns of `ATTACK_SCHEMA`, sorted; what nobody knows of a clip is null.
    """
    source = source_of(rows)
    draws = draws_of(source, samples=samples, seed=seed, cluster=cluster)
    return attacks_from(row for look in looks(source) for row in kind_rows(look, draws))


def attacks_from(found: Iterable[dict[str, Any]]) -> pa.Table:
    """The attack table of the rows of all conditions."""
    table = pa.Table.from_pylist(list(found), schema=ATTACK_SCHEMA)
    return table.sort_by([(name, "ascending") for name in ATTACK_SCHEMA.names[: len(PLACE) + 3]])


def kind_rows(look: Look, draws: Draws) -> Iterator[dict[str, Any]]:
    """One row per kind of clip there is under a condition."""
    here = look.here
    kinds, kind_of_clip = kinds_of(here.clips)
    kind = kind_of_clip[here.clip]
    missing = kind_of_clip[here.failed]
    figures = _errors_of_kinds(look, kind, len(kinds), draws)
    shift = here.score - look.clean.score[here.clip]
    for number, known in enumerate(kinds):
        inside, failed = kind == number, int((missing == number).sum())
        if not inside.any() and not failed:
            continue
        yield (
            look.place._asdict()
            | known
            | {
                "clips": int(inside.sum()),
                "failed": failed,
                "clusters": len(np.unique(draws.cluster[here.clip[inside]])),
                **_error_columns(figures.get(f"error {number}")),
                "eer_refitted": _eer_beside_bonafide(look, kinds, kind, number),
                "flipped": _value(figures.get(f"flipped {number}")),
                "score_shift": _mean(shift[inside]),
            }
        )


def kinds_of(clips: Clips) -> tuple[list[dict[str, Any]], np.ndarray]:
    """The different labels, attacks and codecs there are together, and which each clip has."""
    table = clips.table.select(KIND)
    together = pc.binary_join_element_wise(
        *(pc.fill_null(table[name], "\0") for name in KIND), "\1"
    ).combine_chunks()
    encoded = pc.dictionary_encode(together)
    numbers = encoded.indices.to_numpy()
    firsts = np.unique(numbers, return_index=True)[1]
    return table.take(firsts).to_pylist(), numbers


def _errors_of_kinds(look: Look, kind: np.ndarray, kinds: int, draws: Draws) -> dict[str, Figure]:
    decided = decisions(look.here, look.clean)
    if decided is None:
        return {}
    shares = {}
    for number in range(kinds):
        inside = kind == number
        shares[f"error {number}"] = Share(decided.wrong, inside)
        shares[f"flipped {number}"] = Share(decided.flipped, inside & decided.heard_clean)
    return share_figures(shares, look.here.clip, draws)


def _eer_beside_bonafide(
    look: Look, kinds: list[dict[str, Any]], kind: np.ndarray, number: int
) -> float | None:
    if kinds[number]["label"] != "spoof":
        return None
    same_codec = [
        other
        for other, known in enumerate(kinds)
        if known["label"] == "bonafide" and known["codec"] == kinds[number]["codec"]
    ]
    bonafide, attack = np.isin(kind, same_codec), kind == number
    if not bonafide.any() or not attack.any():
        return None
    return eer(look.here.score[bonafide], look.here.score[attack])


def _error_columns(figure: Figure | None) -> dict[str, float | None]:
    interval = None if figure is None else figure.interval
    return {
        "error": _value(figure),
        "error_low": None if interval is None else interval.low,
        "error_high": None if interval is None else interval.high,
    }


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _mean(shift: np.ndarray) -> float | None:
    known = shift[~np.isnan(shift)]
    return float(known.mean()) if known.size else None

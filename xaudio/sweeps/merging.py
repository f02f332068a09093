"""Results of several machines in one folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.sweeps.cell_folder import copy_cells
from xaudio.sweeps.plan_record import merged, models_in
from xaudio.sweeps.store import SweepStore, open_store
from xaudio.sweeps.whole_files import read_whole, write_whole

PLAN = "plan.parquet"


def merge_stores(folder: str | Path, others: Sequence[str | Path]) -> SweepStore:
    """Bring the finished cells of several stores into one folder, each once.

    What was asked for is put together as well: the clips and cells of all of them, and what lies
    beside the scores (quality, explanations). Where two stores know the same clip, cell or model,
    the first one's word counts; other models of one name are told apart.

    Args:
        folder: Gets everything; may hold a sweep already, whose word then counts first.
        others: Folders of sweeps; they stay as they are.

    Raises:
        SweepError: One of them holds no sweep, or two mean other corruptions by one name.
    """
    target = SweepStore(Path(folder))
    there = [target] if (target.folder / PLAN).is_file() else []
    stores = [*there, *(open_store(other) for other in others)]
    records = [store.record() for store in stores]
    record = merged(records)
    name_of = {model.digest: model.name for model in models_in(record)}
    names = [{model.name: name_of[model.digest] for model in models_in(one)} for one in records]
    clips = _first_of_each("clip", [store.clips() for store in stores])
    cells = _first_of_each("cell", _renamed([store.planned() for store in stores], names))
    for store in stores:
        copy_cells(store.cells.folder, target.cells.folder)
    _merge_what_lies_beside(target.folder, [store.folder for store in stores], names)
    write_whole(clips, target.folder / "clips.parquet")
    write_whole(cells.replace_schema_metadata(record), target.folder / PLAN)
    return target


def _merge_what_lies_beside(
    folder: Path, others: Sequence[Path], names: Sequence[Mapping[str, str]]
) -> None:
    """Folders of cells with a plan of their own: everything a sweep holds but its scores."""
    for name in sorted({plan.parent.name for other in others for plan in other.glob(f"*/{PLAN}")}):
        there = [
            (other / name, known)
            for other, known in zip(others, names, strict=True)
            if (other / name / PLAN).is_file()
        ]
        plans = _renamed([read_whole(place / PLAN) for place, _ in there], [k for _, k in there])
        for place, _ in there:
            copy_cells(place / "cells", folder / name / "cells")
        write_whole(_first_of_each("cell", plans), folder / name / PLAN)


def _renamed(tables: Sequence[pa.Table], names: Sequence[Mapping[str, str]]) -> list[pa.Table]:
    """The tables with the models' new names, where they name models."""
    renamed = []
    for table, new in zip(tables, names, strict=True):
        place = table.schema.get_field_index("model")
        if place >= 0:
            column = pa.array([new.get(old, old) for old in table["model"].to_pylist()])
            table = table.set_column(place, "model", column)
        renamed.append(table)
    return renamed


def _first_of_each(column: str, tables: Sequence[pa.Table]) -> pa.Table:
    """All rows, but of each table only those whose value no earlier table has.

    Within one table a value may stand several times: two names for one corruption share a cell.
    """
    kept = [tables[0]]
    for table in tables[1:]:
        known = pa.chunked_array([c for one in kept for c in one[column].chunks], pa.string())
        kept.append(table.filter(pc.invert(pc.is_in(table[column], known))))
    return pa.concat_tables(kept, promote_options="default")

"""Which sweeps there are in the folders a page was given."""

from collections.abc import Iterator, Sequence
from pathlib import Path

MOST_STORES = 500
DEPTH = 2  # folders below a given one


def stores_in(folders: Sequence[Path]) -> dict[str, Path]:
    """The sweeps that are, or lie in, some folders, by the names a page shows; the first 500.

    >>> stores_in([Path("nowhere")])
    {}
    """
    found: dict[str, Path] = {}
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        for store in _below(folder, DEPTH):
            if len(found) < MOST_STORES and store not in found.values():
                found[_name(store, folder, found)] = store
    return found


def is_store(folder: Path) -> bool:
    """Whether a sweep lies in a folder."""
    return all((folder / name).is_file() for name in ("plan.parquet", "clips.parquet"))


def _below(folder: Path, depth: int) -> Iterator[Path]:
    if is_store(folder):
        yield folder
        return
    if depth and folder.is_dir():
        for child in sorted(folder.iterdir()):
            if child.is_dir() and not child.is_symlink() and not child.name.startswith("."):
                yield from _below(child, depth - 1)


def _name(store: Path, folder: Path, taken: dict[str, Path]) -> str:
    """By where it lies in its folder; in full where another one is called so."""
    name = (Path(folder.name) / store.relative_to(folder)).as_posix()
    return str(store) if name in taken else name

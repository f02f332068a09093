"""What lies below a data set's folder, listed once; and where in it each clip's audio is.

Data sets are unpacked in many ways: another folder around them, parts side by side, WAV for FLAC,
left in their tar or zip. A clip is therefore looked for by the end of its official place, as much
of it as is needed to find it and to tell it from all others.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.archives import SUFFIXES as ARCHIVES
from xaudio.datasets.archives import open_archive
from xaudio.datasets.human_speech import AUDIO_SUFFIXES
from xaudio.errors import CorpusError

_SUFFIX = rf"(?i)({'|'.join(suffix.replace('.', '[.]') for suffix in AUDIO_SUFFIXES)})$"


@dataclass(frozen=True, eq=False)
class Tree:
    """A folder's files by kind; places are relative to it, with slashes, in order.

    Attributes:
        folder: The folder.
        sounds: Audio files.
        archives: Tar and zip files.
        documents: All others.
    """

    folder: Path
    sounds: pa.StringArray
    archives: tuple[str, ...]
    documents: tuple[str, ...]

    def below(self, place: str) -> "Tree":
        """The part of the tree in one of its folders; places are still relative to the whole."""
        start = f"{place}/"
        return Tree(
            self.folder,
            self.sounds.filter(pc.starts_with(self.sounds, start)),
            tuple(name for name in self.archives if name.startswith(start)),
            tuple(name for name in self.documents if name.startswith(start)),
        )


def scan(folder: Path) -> Tree:
    """List a folder and all below it; links to folders are followed, once each.

    Raises:
        CorpusError: There is no such folder, or an audio file's name is no text.
    """
    if not folder.is_dir():
        raise CorpusError(f"There is no folder {folder}: give the folder of the data set.")
    sounds: list[str] = []
    others: list[str] = []
    waiting, seen = [""], {os.path.realpath(folder)}
    while waiting:
        place = waiting.pop()
        with os.scandir(folder / place) as entries:
            for entry in entries:
                name = place + entry.name
                if entry.is_dir():
                    if not entry.is_symlink() or _is_new(entry.path, seen):
                        waiting.append(f"{name}/")
                elif name.lower().endswith(AUDIO_SUFFIXES):
                    sounds.append(name)
                else:
                    others.append(name)
    archives = sorted(name for name in others if name.lower().endswith(ARCHIVES))
    documents = sorted(set(others) - set(archives))
    return Tree(folder, _text(sorted(sounds)), tuple(archives), tuple(documents))


def _is_new(path: str, seen: set[str]) -> bool:
    real = os.path.realpath(path)
    is_new = real not in seen
    seen.add(real)
    return is_new


def _text(names: list[str]) -> pa.StringArray:
    try:
        return pa.array(names, pa.string())
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"{error.object!r} is no text: its name holds bytes that are not UTF-8. Rename it."
        ) from None


def located(tree: Tree, places: pa.Array) -> dict[str, pa.Array]:
    """The manifest's columns `path` and `member` of clips whose official places are given.

    Files come first; archives are opened only for what is not there as a file. What is nowhere gets
    its official place, where it will be missed.
    """
    found = _matched(places, tree.sounds)
    absent = pc.is_null(found)
    within = pc.coalesce(tree.sounds.take(found), places)
    members = pa.nulls(len(places), pa.string())
    if tree.archives and pc.any(absent).as_py():
        archives, packed = _packed_in(tree)
        inside = _matched(places.filter(absent), packed)
        within = pc.replace_with_mask(
            within, absent, pc.coalesce(archives.take(inside), places.filter(absent))
        )
        members = pc.replace_with_mask(members, absent, packed.take(inside))
    return {"path": _in(tree.folder, within), "member": members}


def every_sound(tree: Tree) -> tuple[list[str], dict[str, pa.Array]]:
    """All recordings in files and archives, for data sets without a list of clips.

    Returns:
        Their places, those in an archive as if it were unpacked where it lies, and the manifest's
        columns `path` and `member`. What is there both as a file and packed comes once.
    """
    places = tree.sounds.to_pylist()
    within = list(places)
    members: list[str | None] = [None] * len(places)
    unpacked = set(places)
    for archive in tree.archives:
        home = archive.rpartition("/")[0]
        beside = archive[: archive.rfind(".")]
        for member in _packed(tree, archive):
            name = member.removeprefix("./")
            place = f"{home}/{name}" if home else name
            if not unpacked.intersection((place, f"{beside}/{name}")):
                places.append(place)
                within.append(archive)
                members.append(member)
    paths = _in(tree.folder, pa.array(within, pa.string()))
    return places, {"path": paths, "member": pa.array(members, pa.string())}


def _in(folder: Path, places: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(f"{folder.as_posix()}/", places, "")


def _packed(tree: Tree, archive: str) -> list[str]:
    """The audio files in an archive."""
    names = open_archive(tree.folder / archive).names.tolist()
    decoded = (name.decode(errors="replace") for name in names)
    return [name for name in decoded if name.lower().endswith(AUDIO_SUFFIXES)]


def _packed_in(tree: Tree) -> tuple[pa.Array, pa.Array]:
    """The audio files in all archives: each one's archive, and its name within."""
    held = [_packed(tree, archive) for archive in tree.archives]
    archives = np.repeat(np.array(tree.archives, dtype=object), [len(names) for names in held])
    members = [name for names in held for name in names]
    return pa.array(archives, pa.string()), pa.array(members, pa.string())


def _matched(wanted: pa.Array, there: pa.Array) -> pa.Array:
    """For each place the number of the file that it is, or null.

    Ends of places are compared, as they are and without the suffix: as many components as the
    longest has, then fewer. What is not the whole place must be one file's only.
    """
    found = pa.nulls(len(wanted), pa.int32())
    if not len(wanted):
        return found
    deepest = pc.max(pc.count_substring(wanted, "/")).as_py() + 1
    for depth in range(deepest, 0, -1):
        ends = _ends(there, depth)
        for key in (_whole, _bare):
            absent = pc.is_null(found)
            if not pc.any(absent).as_py():
                return found
            keys = key(ends) if depth == deepest else _once(key(ends))
            asked = key(_ends(wanted.filter(absent), depth))
            numbers = pc.index_in(asked, value_set=keys, skip_nulls=True)
            found = pc.replace_with_mask(found, absent, numbers)
    return found


def _ends(places: pa.Array, depth: int) -> pa.Array:
    """The last components of places; their folders are few, so each is cut once."""
    folders = pc.replace_substring_regex(places, r"(?s)[^/]*$", "").dictionary_encode()
    cut = [
        "".join(f"{part}/" for part in _last(folder, depth))
        for folder in folders.dictionary.to_pylist()
    ]
    names = pc.replace_substring_regex(places, r"(?s)^.*/", "")
    return pc.binary_join_element_wise(pa.array(cut, pa.string()).take(folders.indices), names, "")


def _last(folder: str, depth: int) -> list[str]:
    parts = folder.split("/")[:-1]
    return parts[max(0, len(parts) - depth + 1) :]


def _whole(places: pa.Array) -> pa.Array:
    return places


def _bare(places: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(places, _SUFFIX, "")


def _once(keys: pa.Array) -> pa.Array:
    """The keys, null where one stands more than once."""
    counted = pc.value_counts(keys)
    single = counted.field("values").filter(pc.equal(counted.field("counts"), 1))
    return pc.if_else(pc.is_in(keys, value_set=single), keys, None)

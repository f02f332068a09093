"""A folder of classes: every clip's label is the name of a folder it lies in. Also Fake-or-Real."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pyarrow as pa

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import agreed, manifest_of
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import every_sound, scan
from xaudio.errors import CorpusError

_FOR_PLACE = re.compile(
    r"(?:.*/)?(?P<split>training|validation|testing)/(?P<label>real|fake)/[^/]+"
)
_FOR_MEANING = {"real": "bonafide", "fake": "spoof"}


@readers.register("folder")
def class_folders(folder: Path, labels: Mapping[str, str] | None = None) -> Manifest:
    """Any folder of class folders, or an archive of them.

    The label is the first folder on a clip's way. With `labels` it is the only one that `labels`
    knows, however deep, so that ``train/fake/a.wav`` is spoof and of split ``train``.

    Args:
        folder: Where the class folders are.
        labels: What each folder's name means: ``{"real": "bonafide", "fake": "spoof"}``.
    """
    places, columns = every_sound(scan(folder))
    if not places:
        raise CorpusError(f"{folder} holds no recording, also not below.")
    folders = [PurePosixPath(place).parts[:-1] for place in places]
    depths = [_class(parts, place, labels) for parts, place in zip(folders, places, strict=True)]
    names = [parts[depth] for parts, depth in zip(folders, depths, strict=True)]
    splits = [parts[0] if depth else None for parts, depth in zip(folders, depths, strict=True)]
    return manifest_of(
        [
            {
                "clip": pa.array(places),
                "label": agreed(pa.array(names), labels),
                "split": pa.array(splits, pa.string()),
                **columns,
            }
        ]
    )


@readers.register("fake-or-real")
def fake_or_real(folder: Path) -> Manifest:
    """Fake-or-Real: `{training,validation,testing}/{real,fake}/`, in any of its four versions.

    Reimao and Tzerpos, SpeD 2019.
    """
    places, columns = every_sound(scan(folder))
    matches = [_FOR_PLACE.fullmatch(place) for place in places]
    if not any(matches):
        raise CorpusError(f"{folder} holds no training/real, validation/fake or the like.")
    ours = pa.array([match is not None for match in matches])
    found = [match for match in matches if match]
    return manifest_of(
        [
            {
                "clip": pa.array(places).filter(ours),
                "label": pa.array([_FOR_MEANING[match["label"]] for match in found]),
                "split": pa.array([match["split"] for match in found]),
                **{name: column.filter(ours) for name, column in columns.items()},
            }
        ]
    )


def _class(parts: tuple[str, ...], place: str, labels: Mapping[str, str] | None) -> int:
    """Which of the folders on the way is the class."""
    known = [at for at, part in enumerate(parts) if labels is None or part in labels]
    if not known:
        raise CorpusError(_no_class(place, labels))
    if labels is not None and len(known) > 1:
        names = ", ".join(parts[at] for at in known)
        raise CorpusError(f"'{place}' lies in several of the classes: {names}.")
    return known[0]


def _no_class(place: str, labels: Mapping[str, str] | None) -> str:
    if labels is None:
        return f"'{place}' does not lie in a folder of its class."
    return (
        f"'{place}' does not lie in a folder whose meaning was given ({', '.join(labels)}). Give "
        "the meaning of each: labels={'real': 'bonafide', 'fake': 'spoof'}, or --label "
        "real=bonafide --label fake=spoof."
    )

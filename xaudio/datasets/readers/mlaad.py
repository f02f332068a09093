"""MLAAD: many languages, many text-to-speech systems (Müller et al., IJCNN 2024).

All of it is spoof; the bona fide clips are those of M-AILABS that it names as originals.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import manifest_of, repeated, without_dash
from xaudio.datasets.readers.protocol import Protocol, read_headed
from xaudio.datasets.readers.protocol_files import named
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import Tree, located, scan
from xaudio.errors import CorpusError

_META = r"(?:.*/)?fake/[^/]+/[^/]+/meta\.csv"


@readers.register("mlaad")
def mlaad(folder: Path, bonafide: Path | None = None) -> Manifest:
    """MLAAD: `fake/<language>/<model>/meta.csv`, columns parted by ``|``; `split` is the language.

    Args:
        folder: Holds `fake`.
        bonafide: The folder of M-AILABS, with `en_US`, `de_DE` and so on in it.
    """
    tree = scan(folder)
    places = named(tree, _META)
    if not places:
        raise CorpusError(f"{folder} holds no fake/<language>/<model>/meta.csv.")
    parts = [_fakes(tree, place) for place in places]
    sources = pa.chunked_array([part["source"] for part in parts])
    parts = [part | located(tree, part["clip"]) for part in parts]
    if bonafide is not None:
        parts.append(_originals(scan(Path(bonafide)), pc.unique(sources).drop_null()))
    return manifest_of(parts)


def _fakes(tree: Tree, place: str) -> dict[str, pa.Array]:
    meta = read_headed(tree.folder / place, "|", ("path", "original_file"))
    home = place.rpartition("/")[0]
    language, model = home.split("/")[-2:]
    # Releases differ in what the path is relative to; the files always lie beside the table.
    names = pc.replace_substring_regex(meta["path"], r"^.*/", "")
    seconds = meta.numbers("duration") if meta.has("duration") else None
    return {
        "clip": pc.binary_join_element_wise(f"{home}/", names, ""),
        "label": repeated("spoof", len(meta)),
        "speaker": _reference(meta),
        "attack": repeated(model, len(meta)),
        "split": repeated(language, len(meta)),
        "source": pc.replace_substring_regex(without_dash(meta["original_file"]), r"^\./", ""),
        **({} if seconds is None else {"seconds": seconds}),
    }


def _reference(meta: Protocol) -> pa.Array:
    if meta.has("reference_speaker"):
        return without_dash(meta["reference_speaker"])
    return repeated(None, len(meta))


def _originals(tree: Tree, sources: pa.Array) -> dict[str, pa.Array]:
    """The human recordings, ``en_US/by_book/female/mary_ann/.../wavs/x.wav``."""
    places = _texts(sources)
    voices = pc.extract_regex(places, r"by_book/[^/]+/(?P<speaker>[^/]+)/")
    return {
        "clip": places,
        "label": repeated("bonafide", len(places)),
        "speaker": pc.struct_field(voices, "speaker"),
        "split": pc.struct_field(pc.extract_regex(places, r"^(?P<language>[a-z]{2})"), "language"),
        "source": places,
        **located(tree, places),
    }


def _texts(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column

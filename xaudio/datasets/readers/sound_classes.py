"""Sounds and spoken digits: ESC-50 (Piczak, ACM MM 2015) and AudioMNIST (Becker et al. 2018)."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import manifest_of, placed
from xaudio.datasets.readers.protocol import read_headed
from xaudio.datasets.readers.protocol_files import the_one
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import every_sound, located, scan
from xaudio.errors import CorpusError

_DIGIT = r"(?:^|/)(?P<clip>(?P<digit>[0-9])_(?P<speaker>[^_/]+)_[0-9]+)\.wav$"


@readers.register("esc-50")
def esc50(folder: Path) -> Manifest:
    """ESC-50: `meta/esc50.csv`; `split` is the fold, `source` the recording a clip was cut from."""
    tree = scan(folder)
    place = the_one(tree, r"esc50\.csv", "ESC-50")
    meta = read_headed(folder / place, ",", ("filename", "fold", "category", "src_file"))
    return manifest_of(
        [
            {
                "clip": pc.replace_substring_regex(meta["filename"], r"\.wav$", ""),
                "label": meta["category"],
                "split": pc.binary_join_element_wise("fold", meta["fold"], ""),
                "source": meta["src_file"],
                **located(tree, placed("audio", meta["filename"], ".wav")),
            }
        ]
    )


@readers.register("audiomnist")
def audiomnist(folder: Path) -> Manifest:
    """AudioMNIST: `{digit}_{speaker}_{repetition}.wav`, the label is the digit."""
    places, columns = every_sound(scan(folder))
    parsed = pc.extract_regex(pa.array(places, pa.string()), _DIGIT)
    ours = pc.is_valid(parsed)
    if not pc.any(ours).as_py():
        raise CorpusError(f"{folder} holds no recording named digit_speaker_repetition.wav.")
    return manifest_of(
        [
            {
                "clip": pc.struct_field(parsed, "clip").filter(ours),
                "label": pc.struct_field(parsed, "digit").filter(ours),
                "speaker": pc.struct_field(parsed, "speaker").filter(ours),
                **{name: column.filter(ours) for name, column in columns.items()},
            }
        ]
    )

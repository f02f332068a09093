"""In-the-Wild: public figures, found speech (Müller et al., Interspeech 2022)."""

from pathlib import Path

import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import manifest_of, placed, turned
from xaudio.datasets.readers.protocol import read_headed
from xaudio.datasets.readers.protocol_files import the_one
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import located, scan

_MEANING = {"bona-fide": "bonafide", "spoof": "spoof"}


@readers.register("in-the-wild")
def in_the_wild(folder: Path) -> Manifest:
    """In-the-Wild: `meta.csv` with `file,speaker,label`, the WAV files beside it."""
    tree = scan(folder)
    place = the_one(tree, r"meta\.csv", "In-the-Wild")
    protocol = read_headed(folder / place, ",", ("file", "speaker", "label"))
    home = place.rpartition("/")[0]
    return manifest_of(
        [
            {
                "clip": pc.replace_substring_regex(protocol["file"], r"\.wav$", ""),
                "label": turned(protocol, "label", _MEANING),
                "speaker": protocol["speaker"],
                **located(tree, placed(home, protocol["file"], ".wav")),
            }
        ]
    )

"""ASVspoof Laundered Database: ASVspoof 2019 LA after noise, rooms, codecs, filters, resampling.

Ali et al. 2024; the columns as in its protocols.
"""

from pathlib import Path

import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.datasets.readers.columns import (
    OWN_LABELS,
    manifest_of,
    of_spoof,
    turned,
    without_dash,
)
from xaudio.datasets.readers.protocol import read_protocol
from xaudio.datasets.readers.protocol_files import named
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import located, scan
from xaudio.errors import CorpusError

_COLUMNS = {6: ("speaker", "clip", "attack", "key", "laundering", "parameter")}
# The database itself spells it so.
_PROTOCOL = r"ASVspoofLaun(?:d)?eredDatabase_(?!.*sampled)[^/]*\.txt"


@readers.register("asvspoof-laundered")
def asvspoof_laundered(folder: Path) -> Manifest:
    """Laundered ASVspoof 2019: `codec` is how, `source` the utterance before it was laundered."""
    tree = scan(folder)
    places = named(tree, _PROTOCOL)
    if not places:
        raise CorpusError(
            f"{folder} holds no protocol ASVspoofLauneredDatabase_*.txt, also not below."
        )
    parts = []
    for place in places:
        protocol = read_protocol(folder / place, _COLUMNS)
        labels = turned(protocol, "key", OWN_LABELS)
        start = pc.binary_join_element_wise(protocol["laundering"], "flac", protocol["clip"], "/")
        parts.append(
            {
                "clip": protocol["clip"],
                "label": labels,
                "speaker": without_dash(protocol["speaker"]),
                "attack": of_spoof(protocol["attack"], labels),
                "codec": pc.binary_join_element_wise(
                    protocol["laundering"], protocol["parameter"], "/"
                ),
                "source": pc.struct_field(
                    pc.extract_regex(protocol["clip"], r"^(?P<source>LA_[A-Z]_\d+)"), "source"
                ),
                **located(tree, pc.binary_join_element_wise(start, ".flac", "")),
            }
        )
    return manifest_of(parts)

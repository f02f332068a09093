"""The sample is that of the digests, holds every kind, and hardly changes."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.errors import SweepError
from xaudio.sweeps.sampling import sampled_clips


def corpus(clips: int) -> Manifest:
    """One in ten is human; of the others one in five has segments."""
    return Manifest.of(
        ManifestRow(
            clip=f"clip{number}",
            path=Path(f"{number}.wav"),
            label="bonafide" if number % 10 == 0 else "spoof",
            segments=((0.0, 0.5),) if number % 5 == 1 else (),
            digest=hashlib.sha256(str(number).encode()).hexdigest(),
        )
        for number in range(clips)
    )


def kinds(clips) -> Counter:
    return Counter((clip.row.label, bool(clip.row.segments)) for clip in clips)


def test_every_kind_is_there_in_equal_parts():
    found = kinds(sampled_clips(corpus(500).table, 16))
    expected = {("bonafide", False): 8, ("spoof", True): 4, ("spoof", False): 4}
    assert found == expected


def test_what_a_kind_lacks_the_others_fill():
    found = sampled_clips(corpus(20).table, 16)
    assert len(found) == 16
    assert kinds(found)["bonafide", False] == 2


def test_the_order_of_the_manifest_plays_no_part():
    table = corpus(300).table
    turned = table.take(list(reversed(range(300))))
    assert sampled_clips(table, 16) == sampled_clips(turned, 16)


def test_a_new_clip_replaces_one_at_most():
    whole = corpus(200).table
    before = {clip.digest for clip in sampled_clips(whole.slice(0, 199), 16)}
    for without in range(199):
        fewer = whole.take([row for row in range(199) if row != without])
        assert len(before - {clip.digest for clip in sampled_clips(fewer, 16)}) <= 1


def test_clips_of_equal_bytes_are_one():
    table = corpus(10).table
    digests = table["digest"].to_pylist()
    table = table.set_column(
        table.schema.get_field_index("digest"), table.schema.field("digest"), [[digests[0]] * 10]
    )
    assert len(sampled_clips(table, 16)) == 1


def test_no_clips_are_no_sample():
    with pytest.raises(SweepError, match="at least one"):
        sampled_clips(corpus(3).table, 0)

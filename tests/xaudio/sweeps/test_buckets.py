import hashlib
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.errors import SweepError
from xaudio.sweeps.buckets import buckets_of


def synthetic_clips(count):
    digests = (hashlib.sha256(str(n).encode()).hexdigest() for n in range(count))
    return Manifest.of(
        ManifestRow(each[:12], Path("x"), "spoof", digest=each) for each in digests
    ).table


@pytest.mark.parametrize(("count", "size"), [(1, 1), (33, 32), (1000, 32), (1000, 1000)])
def test_buckets_hold_every_clip_once_and_no_more_than_asked(count, size):
    table = synthetic_clips(count)
    buckets = buckets_of(table, size)
    held = [clip.digest for bucket in buckets for clip in bucket.clips]
    assert held == sorted(table["digest"].to_pylist())
    assert max(len(bucket) for bucket in buckets) <= size
    assert all(bucket.size == len(bucket) == len(bucket.clips) for bucket in buckets)
    assert len(buckets) <= 4 * count / size + 1
    assert len(buckets) > 1 or count <= size
    assert len(buckets) == 1 or count > size


def test_a_bucket_is_a_beginning_in_binary():
    """Whatever the other clips are, those of one bucket share leading bits that no other has."""
    buckets = buckets_of(synthetic_clips(500), 20)
    for bucket in buckets:
        codes = [f"{int(clip.digest, 16):0256b}" for clip in bucket.clips]
        shared = next(n for n in range(257) if len({code[: n + 1] for code in codes}) > 1)
        begins = codes[0][:shared]
        others = [clip.digest for other in buckets if other is not bucket for clip in other.clips]
        assert not any(f"{int(digest, 16):0256b}".startswith(begins) for digest in others)


def test_equal_bytes_are_scored_once():
    table = synthetic_clips(4)
    (bucket,) = buckets_of(pa.concat_tables([table, table]), 10)
    assert len(bucket) == 4


def test_a_bucket_travels_without_the_rest_of_the_manifest():
    table = synthetic_clips(20_000)
    bucket = buckets_of(table, 32)[7]
    sent = pickle.dumps(bucket)
    assert len(sent) < 20_000
    assert pickle.loads(sent).clips == bucket.clips


def test_an_empty_bucket_makes_no_sense():
    with pytest.raises(SweepError, match="at least one clip; given 0"):
        buckets_of(synthetic_clips(1), 0)

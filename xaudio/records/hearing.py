"""What the model hears when a case is made again, and how it compares with what it heard then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xaudio.audio import Clip, clip_from_samples, read_clip
from xaudio.decoding import Decoders, Limits
from xaudio.errors import AudioError
from xaudio.records.comparing import compare_samples, compare_texts
from xaudio.records.gathering import array_digest
from xaudio.records.given import Given
from xaudio.records.record import CaseRecord
from xaudio.records.reproduction import Comparison
from xaudio.records.writing import HEARD

SAMPLES = "samples the model heard"
SLACK = 1.0  # seconds a recording may last longer than the record says
LONGEST_SOURCE = 14_400.0  # seconds of a recording from which a part was cut

Members = Mapping[str, bytes | None]


@dataclass(frozen=True, eq=False)
class Heard:
    """What the model hears now.

    Attributes:
        clip: At the model's rate.
        comparisons: Of its bytes and its samples with those recorded.
        notes: Steps that were not made again.
    """

    clip: Clip
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()


def heard_again(record: CaseRecord, members: Members, sample_rate: int, given: Given) -> Heard:
    """The recording decoded again, or what was heard then where that cannot be made again.

    Args:
        record: Of the case.
        members: The files beside it.
        sample_rate: The model's, in hertz.
        given: The recording comes from here first.

    Raises:
        AudioError: There is no recording, or it cannot be used.
    """
    source = _source(record, members, given)
    if source is None:
        kept = _kept(record, members)
        if kept is None:
            raise AudioError(
                f"There is no recording beside the record. Give '{record.clip.name}': --clip."
            )
        return Heard(kept.resampled(sample_rate), (_digests(record, kept),))
    bytes_of_it = compare_texts("bytes of the clip", record.clip.sha256, source.digest)
    clip = source.resampled(sample_rate)
    if array_digest(clip.samples) == record.clip.heard_sha256:
        return Heard(clip, (bytes_of_it, _digests(record, clip)))
    kept = _kept(record, members)
    # the first step is the decoder's, which may call itself something else in another version
    missing = [step for step in record.clip.decode_chain[1:] if step not in clip.decode_chain]
    if missing and kept is not None:
        note = (
            f"The steps {'; '.join(missing)} were not made again: what the model hears is taken "
            f"from {HEARD}."
        )
        return Heard(kept.resampled(sample_rate), (bytes_of_it, _digests(record, kept)), (note,))
    if clip.seconds > record.clip.seconds + SLACK:
        raise AudioError(
            f"The recording lasts {clip.seconds:.1f} s and the record says "
            f"{record.clip.seconds:.1f} s. Give the one that was explained."
        )
    return Heard(clip, (bytes_of_it, _compared(record, kept, clip)))


def _source(record: CaseRecord, members: Members, given: Given) -> Clip | None:
    """The recording that is given, else the one beside the record; decoded no further than needed.

    As long as what was heard, or four hours where a part was cut out.
    """
    was_cut = any(step.startswith("cut ") for step in record.clip.decode_chain)
    longest = LONGEST_SOURCE if was_cut else record.clip.seconds + SLACK
    if given.clip is not None:
        return read_clip(given.clip, longest=longest)
    for name, data in members.items():
        if data is not None and (name == "original" or name.startswith("original.")):
            return _decoded(data, name, longest)
    return None


def _kept(record: CaseRecord, members: Members) -> Clip | None:
    """What the model heard then, under the name and the digest of the original."""
    data = members.get(HEARD)
    if data is None:
        return None
    read = _decoded(data, HEARD, record.clip.seconds + SLACK)
    clip = record.clip
    return Clip(read.samples, read.sample_rate, clip.name, clip.sha256, clip.decode_chain)


def _decoded(data: bytes, name: str, longest: float) -> Clip:
    """A file from beside the record, decoded in a process that can do no harm."""
    allowed = 1.0 + longest / 600.0
    limits = Limits(longest, processor=round(15 * allowed), patience=30 * allowed)
    made = Decoders(ready=0).decode(data, name, limits)
    clip = clip_from_samples(made.samples, made.sample_rate, name)
    return replace(clip, digest=made.digest, decode_chain=made.chain)


def _digests(record: CaseRecord, clip: Clip) -> Comparison:
    return compare_texts(SAMPLES, record.clip.heard_sha256, array_digest(clip.samples))


def _compared(record: CaseRecord, kept: Clip | None, clip: Clip) -> Comparison:
    """Sample by sample where what was heard is there and is what was recorded, else by digest."""
    if kept is None or array_digest(kept.samples) != record.clip.heard_sha256:
        return _digests(record, clip)
    return compare_samples(SAMPLES, kept.samples, clip.samples)

"""What there is to know about a clip before anything is asked."""

from xaudio.audio import Clip
from xaudio.datasets.manifest import ManifestRow
from xaudio.long_recordings.clock import clock
from xaudio.long_recordings.recording import Recording
from xaudio.reports.elements import Stretch
from xaudio.viewing import Lane


def facts(clip: Clip, known: ManifestRow | None) -> list[str]:
    """Its length, how it was decoded, and what a manifest says about it."""
    told = [f"{clip.seconds:.2f} s", " → ".join(clip.decode_chain)]
    if known is not None:
        made_by = f", made by {known.attack}" if known.attack else ""
        told.append(f"known from the manifest: {known.label}{made_by}")
    return told


def recording_facts(recording: Recording) -> list[str]:
    """The same of a recording that was not read yet."""
    length = "of unknown length" if recording.announced is None else clock(recording.announced)
    return [length, " → ".join(recording.decode_chain)]


def known_lanes(known: ManifestRow | None) -> tuple[Lane, ...]:
    """The stretches that a manifest marks."""
    if known is None or not known.segments:
        return ()
    return (Lane("Known", tuple(Stretch(*times, known.label) for times in known.segments)),)

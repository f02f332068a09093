"""The label files other tools read: ASVspoof 2019 protocols and RTTM."""

from collections.abc import Iterator
from pathlib import Path

from xaudio.datasets.manifest import Manifest, ManifestRow


def write_protocol(manifest: Manifest, path: Path) -> None:
    """ASVspoof 2019 LA: `SPEAKER FILE - ATTACK KEY`, the attack `-` for bona fide."""
    lines = (
        f"{_word(row.speaker)} {_word(row.clip)} - {_word(row.attack)} {row.label}"
        for row in manifest
    )
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def write_rttm(manifest: Manifest, path: Path) -> None:
    """RTTM as in PartialSpoof: per stretch the file, start and length in seconds, and its label."""
    lines = (
        f"SPEAKER {_word(row.clip)} 1 {start:.6f} {end - start:.6f} <NA> <NA> {label} <NA> <NA>"
        for row in manifest
        for start, end, label in labelled_stretches(row)
    )
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def labelled_stretches(row: ManifestRow) -> Iterator[tuple[float, float, str]]:
    """The whole clip as (start, end, label), in order and without a gap."""
    seconds = row.seconds or 0.0
    if not row.segments:
        yield 0.0, seconds, row.label
        return
    position = 0.0
    for start, end in row.segments:
        if start > position:
            yield position, start, "bonafide"
        yield start, end, "spoof"
        position = end
    if position < seconds:
        yield position, seconds, "bonafide"


def _word(text: str | None) -> str:
    """One field of a file whose fields are separated by spaces."""
    return "_".join(text.split()) if text else "-"

"""WaveFake: vocoded copies of LJSpeech and JSUT (Frank and Schönherr, NeurIPS 2021)."""

import re
from collections.abc import Iterable
from pathlib import Path

from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.datasets.readers.registry import readers
from xaudio.datasets.readers.tree import every_sound, scan
from xaudio.errors import CorpusError

_FAKE = re.compile(r"(?:.*/)?generated_audio/(?P<attack>[^/]+)/(?P<name>.+)")
_HUMAN = re.compile(r"(?:.*/)?(?:LJSpeech-|jsut_ver)[\d.]+/.+")
_UTTERANCE = re.compile(r"LJ\d{3}-\d{4}|BASIC5000_\d{4}")


@readers.register("wavefake")
def wavefake(folder: Path, bonafide: Path | None = None) -> Manifest:
    """WaveFake: `generated_audio/<attack>/`, all spoof; human speech comes from elsewhere.

    Args:
        folder: Is or holds `generated_audio`; `LJSpeech-1.1` or `jsut_ver1.1` in it is human.
        bonafide: Another folder of human speech, such as LJSpeech-1.1.
    """
    rows = [row for sound in _sounds(folder) if (row := _row(folder, *sound))]
    if not any(row.attack for row in rows):
        raise CorpusError(f"{folder} holds no recording in generated_audio/<attack>/.")
    if bonafide is not None:
        human = Path(bonafide)
        rows += [
            _human(f"{human.name}/{place}", path, member) for place, path, member in _sounds(human)
        ]
    return Manifest.of(rows)


def _sounds(folder: Path) -> Iterable[tuple[str, Path, str | None]]:
    places, columns = every_sound(scan(folder))
    paths = map(Path, columns["path"].to_pylist())
    return zip(places, paths, columns["member"].to_pylist(), strict=True)


def _row(folder: Path, place: str, path: Path, member: str | None) -> ManifestRow | None:
    fake = _FAKE.fullmatch(f"{folder.name}/{place}")
    if fake is None:
        return _human(place, path, member) if _HUMAN.fullmatch(place) else None
    return ManifestRow(
        clip=f"{fake['attack']}/{fake['name']}",
        path=path,
        member=member,
        label="spoof",
        speaker=_speaker(fake["attack"]),
        attack=fake["attack"],
        source=_utterance(place),
    )


def _human(place: str, path: Path, member: str | None) -> ManifestRow:
    return ManifestRow(
        clip=place,
        path=path,
        member=member,
        label="bonafide",
        speaker=_speaker(place),
        source=_utterance(place),
    )


def _speaker(text: str) -> str | None:
    """Each of the two corpora has one speaker, whose voice the fakes have too."""
    if re.search(r"jsut|BASIC5000", text, re.IGNORECASE):
        return "JSUT"
    return "LJSpeech" if re.search(r"ljspeech|LJ\d{3}-", text, re.IGNORECASE) else None


def _utterance(place: str) -> str | None:
    """The recording that a fake copies, where its name says so: pairs belong together."""
    found = _UTTERANCE.search(place)
    return found[0] if found else None

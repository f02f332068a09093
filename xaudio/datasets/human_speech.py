"""Human speech to build a corpus from: any folder, or real telephone prompts in five languages."""

import csv
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from xaudio.audio import readable_name
from xaudio.decoding.formats import AUDIO_SUFFIXES
from xaudio.errors import CorpusError


@dataclass(frozen=True)
class Recording:
    """One recording of one speaker; `name` is unique in its collection."""

    path: Path
    name: str
    speaker: str
    language: str


def speech_folder(folder: Path, language: str = "en") -> list[Recording]:
    """Every recording below a folder, sorted by name.

    A recording is named by where it lies, without the suffix: ``anna_hello`` for `anna/hello.wav`;
    with the suffix, ``anna.hello.wav``, where two would have the same name.

    The speaker comes from a `metadata.csv` with columns `file` and `speaker` where there is one,
    else from the folder that a recording lies in, else from its name up to the first - or _.

    Raises:
        CorpusError: No such folder, or no recording in it.
    """
    if not folder.is_dir():
        raise CorpusError(f"There is no folder {folder}: give a folder of human speech.")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    if not files:
        raise CorpusError(f"{folder} holds no recording ({' '.join(AUDIO_SUFFIXES)}).")
    speakers = _speakers_in_metadata(folder)
    places = [path.relative_to(folder) for path in files]
    short = [place.with_suffix("").as_posix().replace("/", "_") for place in places]
    shared = {name for name, count in Counter(short).items() if count > 1}
    recordings = []
    for path, place, name in zip(files, places, short, strict=True):
        unique = place.as_posix().replace("/", ".") if name in shared else name
        speaker = speakers.get(path.name) or _speaker_of(path, folder)
        recordings.append(Recording(path, readable_name(unique), readable_name(speaker), language))
    return recordings


def _speakers_in_metadata(folder: Path) -> dict[str, str]:
    for metadata in (folder / "metadata.csv", folder.parent / "metadata.csv"):
        if metadata.is_file():
            with metadata.open(newline="", encoding="utf-8") as table:
                rows = list(csv.DictReader(table))
            if rows and {"file", "speaker"} <= rows[0].keys():
                return {Path(row["file"]).name: row["speaker"] for row in rows}
    return {}


def _speaker_of(path: Path, folder: Path) -> str:
    if path.parent != folder:
        return path.parent.relative_to(folder).parts[0]
    return re.split(r"[-_]", path.stem)[0]


PROMPT_LANGUAGES = ("en", "es", "fr", "it", "ru")
PROMPT_SECONDS = 2.5
"""Prompts shorter than this say one word; a corpus takes longer ones."""

_G722_BYTES_PER_SECOND = 8000


def telephone_prompts(
    cache: Path, report: Callable[[str], None] = lambda _line: None
) -> list[Recording]:
    """Human telephone prompts in five languages (Debian's asterisk-core-sounds, G.722, 16 kHz).

    The packages are downloaded once into `cache` and unpacked there; nothing is installed and no
    root is needed. Four speakers: one woman speaks both English and Spanish.

    Raises:
        CorpusError: The packages cannot be had on this machine.
    """
    unpacked = cache / "prompts"
    if not unpacked.is_dir():
        _fetch_prompts(cache, unpacked, report)
    recordings = []
    for voice in sorted((unpacked / "usr/share/asterisk/sounds").iterdir()):
        language, speaker = voice.name[:2], voice.name.split("_")[-1]
        for path in sorted(voice.rglob("*.g722")):
            long_enough = path.stat().st_size >= PROMPT_SECONDS * _G722_BYTES_PER_SECOND
            if long_enough and path.parent.name != "silence":
                stem = path.relative_to(voice).with_suffix("").as_posix().replace("/", "_")
                recordings.append(Recording(path, f"{language}_{stem}", speaker, language))
    return recordings


def _fetch_prompts(cache: Path, unpacked: Path, report: Callable[[str], None]) -> None:
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise CorpusError(
                f"The default speech comes from Debian packages, and {program} is not here: "
                "give a folder of human speech with --speech."
            )
    downloads, staging = cache / "packages", cache / "prompts.partial"
    downloads.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(staging, ignore_errors=True)
    for language in PROMPT_LANGUAGES:
        package = f"asterisk-core-sounds-{language}-g722"
        if not list(downloads.glob(f"{package}_*.deb")):
            report(f"downloading {package}")
            _run_in(downloads, "apt-get", "download", package)
        for archive in downloads.glob(f"{package}_*.deb"):
            _run_in(downloads, "dpkg", "-x", archive.name, str(staging.resolve()))
    staging.rename(unpacked)


def _run_in(folder: Path, *command: str) -> None:
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        reason = finished.stderr.strip().splitlines()
        raise CorpusError(
            f"'{' '.join(command)}' failed ({reason[-1] if reason else 'no reason given'}): run "
            "'apt-get update' once, or give a folder of human speech with --speech."
        )

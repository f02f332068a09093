"""A suite done to clips: every version in a folder, certified, with a contact sheet per clip."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile
import torch
from jaxtyping import Float
from numpy import ndarray

from perturbations.certificates import Certificate
from perturbations.corrupted import Facts
from perturbations.errors import CorruptionError
from perturbations.suites import Suite
from perturbations.time_map import TimeMap
from perturbations.waveform import resample
from xaudio.audio import Clip
from xaudio.corrupted_versions import (
    WrittenVersion,
    refused_version,
    write_table,
    write_version,
)
from xaudio.corrupting import CorruptedClip, Refusal, corrupt_with_suite
from xaudio.folders import filled_whole
from xaudio.reports.contact_sheet import (
    Missing,
    SheetRow,
    Version,
    contact_sheet,
    sheet_list,
    thumbnail,
)
from xaudio.reports.html import Html
from xaudio.reports.spectrogram import spectrogram

SHEET = "index.html"
CLEAN_COLUMNS = 160
HEARD_SECONDS = 10.0
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
MP3_COMPRESSION = 0.5

Progress = Callable[[int, int], None]


def write_suite(
    out: Path,
    clips: Mapping[str, Clip],
    suite: Suite,
    severities: Sequence[int] | None = None,
    repeat: int = 0,
    progress: Progress = lambda _done, _planned: None,
) -> list[WrittenVersion]:
    """Write every version of every clip, its certificate, a table of all, and contact sheets.

    One clip's sheet is ``index.html``; those of several are ``<name>-sheet.html``, and
    ``index.html`` links to them. The folder is filled whole or not at all.

    Args:
        out: The folder.
        clips: By what they are called in file names.
        suite: See `perturbations.suites.load_suite`.
        severities: Only these; all that each condition asks for if None.
        repeat: Other random numbers for the same clips.
        progress: Told how many versions are done, and of how many.

    Returns:
        All versions; those that could not be made say why.

    Raises:
        CorruptionError: Nothing could be made of any clip.
        UserError: The folder cannot be written to.
    """
    planned = len(clips) * planned_versions(suite, severities)
    written: list[WrittenVersion] = []
    with filled_whole(out, "The corrupted versions") as folder:
        for stem, clip in clips.items():
            sheet = Sheet(clip, suite)
            for made in corrupt_with_suite(clip, suite, severities, repeat):
                written.append(_write_one(folder, stem, clip, made, sheet))
                progress(len(written), planned)
            name = SHEET if len(clips) == 1 else f"{stem}-sheet.html"
            (folder / name).write_text(sheet.page(), encoding="utf-8")
        refuse_if_empty(written)
        write_table(folder, written)
        if len(clips) > 1:
            sheets = {clip.name: f"{stem}-sheet.html" for stem, clip in clips.items()}
            (folder / SHEET).write_text(sheet_list(suite.name, suite.summary, sheets), "utf-8")
    return written


def planned_versions(suite: Suite, severities: Sequence[int] | None) -> int:
    """How many versions of a clip there will be.

    Raises:
        CorruptionError: None: no condition has these severities.
    """
    asked = [severity for condition in suite.conditions for severity in condition.severities]
    count = len([each for each in asked if severities is None or each in severities])
    if not count:
        raise CorruptionError(
            f"No condition of '{suite.name}' has the severity "
            f"{' or '.join(map(str, severities or ()))}; there are "
            f"{', '.join(map(str, sorted(set(asked))))}."
        )
    return count


def refuse_if_empty(written: Sequence[WrittenVersion]) -> None:
    """Complain where not one version could be made, with the first reason."""
    if all(version.file is None for version in written):
        first = written[0]
        raise CorruptionError(
            f"None of the {len(written)} versions could be made; '{first.condition}' on "
            f"'{first.clip}': {first.error}"
        )


def _write_one(
    folder: Path, stem: str, clip: Clip, made: CorruptedClip | Refusal, sheet: "Sheet"
) -> WrittenVersion:
    if isinstance(made, Refusal):
        sheet.add_missing(made)
        return refused_version(clip, made)
    certificate = made.certificate(clip)
    version = write_version(folder, stem, clip, made, certificate)
    sheet.add(made, certificate, str(version.file))
    return version


@dataclass
class Sheet:
    """A contact sheet that grows version by version, so that no sound is kept in memory.

    Attributes:
        clip: The clean clip.
        suite: What is done to it.
        rows: The versions so far, by condition.
    """

    clip: Clip
    suite: Suite
    rows: dict[str, list[Version | Missing]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        image = spectrogram(self.clip.samples, self.clip.sample_rate)
        self._loudest_db = float(image.decibels.max())
        unchanged = CorruptedClip(self.clip, "clean", 0, 0, {}, TimeMap.identity())
        self._clean = self._version("clean", self.clip, {}, unchanged.certificate(self.clip), "")

    def add(self, made: CorruptedClip, certificate: Certificate, file: str) -> None:
        """Another version, and the name of its file beside the page."""
        heading = f"severity {made.severity}"
        version = self._version(heading, made.clip, made.parameters, certificate, file)
        self.rows.setdefault(made.condition, []).append(version)

    def add_missing(self, refusal: Refusal) -> None:
        """A version that could not be made."""
        missing = Missing(f"severity {refusal.severity}", refusal.reason)
        self.rows.setdefault(refusal.condition, []).append(missing)

    def page(self) -> Html:
        """The page with what was added so far."""
        kinds = {condition.name: condition.corruption for condition in self.suite.conditions}
        versions = [self._clean, *(each for row in self.rows.values() for each in row)]
        longest = max(seconds_of(each) for each in versions if isinstance(each, Version))
        rows = [
            SheetRow(
                name,
                kinds[name].summary,
                kinds[name].primary,
                [beside(longest, each) for each in row],
            )
            for name, row in self.rows.items()
        ]
        clean = replace(self._clean, width=seconds_of(self._clean) / longest)
        summary = f"{self.suite.name}: {self.suite.summary}"
        return contact_sheet(self.clip.name, summary, clean, rows, heard_here(longest))

    def _version(
        self,
        heading: str,
        clip: Clip,
        parameters: Facts,
        certificate: Certificate,
        file: str,
    ) -> Version:
        figures = certificate.as_dict()
        column = self.clip.seconds / CLEAN_COLUMNS
        return Version(
            heading,
            parameters,
            figures | figures.pop("facts"),
            thumbnail(clip.samples, clip.sample_rate, column, self._loudest_db),
            1.0,
            heard(clip.samples, clip.sample_rate),
            file,
        )


def seconds_of(version: Version) -> float:
    """Length of a version's sound."""
    return float(version.figures["seconds"] or 0)


def beside(longest: float, version: Version | Missing) -> Version | Missing:
    """The version as wide as it is long, beside the longest."""
    if isinstance(version, Missing):
        return version
    return replace(version, width=seconds_of(version) / longest)


def heard_here(longest: float) -> str:
    """What the page's players leave out."""
    cut = f" and stop after {HEARD_SECONDS:g} s" if longest > HEARD_SECONDS else ""
    return (
        f"The players on this page hold MP3 copies{cut}; the WAV files beside it are what was "
        "measured. Pictures: 0 Hz to half the sample rate, 80 dB, on one scale of time and level."
    )


def heard(samples: Float[ndarray, " time"], sample_rate: int) -> bytes:
    """The first ten seconds as an MP3 file, which every browser plays, a tenth of the bytes."""
    start = torch.from_numpy(samples[: round(HEARD_SECONDS * sample_rate)])[None]
    rate = min(MP3_RATES, key=lambda each: (each < sample_rate, abs(each - sample_rate)))
    rate = min(rate, MP3_RATES[-1])
    sound = np.clip(resample(start, sample_rate, rate)[0].numpy(), -1, 1)
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="MP3", compression_level=MP3_COMPRESSION)
    return file.getvalue()

"""How a corrupted clip is made again, and what is saved of it: sound, certificate, the way."""

import io
import shlex
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePath

from perturbations.chain import Chain
from perturbations.suites import Suite, as_yaml
from perturbations.suites.written import condition_document
from xaudio.corrupted_versions import write_version
from xaudio.trying.chosen import ChosenCorruption
from xaudio.trying.tried import Tried

WAY = "how-it-was-made.txt"
EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same content is the same file


@dataclass(frozen=True)
class Making:
    """The ways to make a corrupted clip again.

    Attributes:
        command: For a shell.
        python: For Python.
        suite_file: What the file that the command names must hold; empty where it names none.
        suite_name: That file's name.
    """

    command: str
    python: str
    suite_file: str = ""
    suite_name: str = ""


def making(chosen: ChosenCorruption, clip: str, severity: int, repeat: int = 0) -> Making:
    """The command and the Python that make a corrupted clip again, to the last sample.

    Args:
        chosen: Which corruption.
        clip: Where the recording lies.
        severity: At which.
        repeat: Which repeat of the random numbers.

    Raises:
        CorruptionError: See `ChosenCorruption.condition`.

    >>> making(ChosenCorruption("mp3"), "voice message.ogg", 3).command
    "xaudio corrupt 'voice message.ogg' --corruption mp3 --severity 3 --certificate"
    """
    condition = chosen.condition()
    if isinstance(condition.corruption, Chain):
        return _of_chain(chosen, clip, severity, repeat)
    document = condition_document(condition)
    settings = dict(document.get("settings", {}))
    if chosen.suite:
        settings["levels"] = document["levels"]
    words = ["--corruption", condition.corruption.name, "--severity", str(severity)]
    words += _repeat_words(repeat)
    for name, value in settings.items():
        words += ["--setting", f"{name}={_typed(value)}"]
    command = shlex.join(["xaudio", "corrupt", clip, *words, "--certificate"])
    arguments = [f"{condition.corruption.name!r}", str(severity)]
    arguments += [f"repeat={repeat}"] if repeat else []
    arguments += [f"settings={settings!r}"] if settings else []
    return Making(command, _python(clip, f"xaudio.corrupt(clip, {', '.join(arguments)})"))


def exported(tried: Tried, chosen: ChosenCorruption) -> bytes:
    """A ZIP archive of the corrupted clip (WAV, every float kept), its certificate and the way.

    Args:
        tried: What was made.
        chosen: From what, for the way to make it again.
    """
    made = tried.made
    stem = PurePath(tried.clean.name).stem or "clip"
    way = making(chosen, tried.clean.name, made.severity, made.repeat)
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_version(folder, stem, tried.clean, made, tried.certificate)
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    files[WAY] = f"{way.command}\n\n{way.python}\n".encode()
    if way.suite_file:
        files[way.suite_name] = way.suite_file.encode()
    return _archive(files)


def _of_chain(chosen: ChosenCorruption, clip: str, severity: int, repeat: int) -> Making:
    """A chain has a name only within a suite, which is a file where it is no suite of ours."""
    condition = chosen.condition()
    summary = condition.corruption.summary
    text = as_yaml(Suite(condition.name, summary, (condition,)))
    file = f"{condition.name}.yaml"
    words = ["--suite", file, "--severity", str(severity), *_repeat_words(repeat)]
    made = f"next(xaudio.corrupt_with_suite(clip, suite, [{severity}], {repeat}))"
    return Making(
        shlex.join(["xaudio", "corrupt", clip, *words]),
        _python(clip, made, f"suite = xaudio.load_suite({file!r})\n"),
        text,
        file,
    )


def _repeat_words(repeat: int) -> list[str]:
    return ["--repeat", str(repeat)] if repeat else []


def _typed(value: object) -> str:
    """A setting as it is typed: true and false as JSON has them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _python(clip: str, made: str, before: str = "") -> str:
    return (
        f"import xaudio\n\nclip = xaudio.read_clip({clip!r})\n{before}made = {made}\n"
        "certificate = made.certificate(clip)"
    )


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()

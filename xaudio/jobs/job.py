"""A job: what was asked for, which process does it, and how it ended; small files in its folder.

```
RUNS/<name>/                  what the command writes: a sweep, a batch of explanations
RUNS/<name>/job/asked.json    the command, and when it was asked for
RUNS/<name>/job/process.json  the process that waits for its turn, or runs
RUNS/<name>/job/ended.json    its exit code
RUNS/<name>/job/log.txt       what it said
```
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xaudio.jobs.errors import JobError
from xaudio.jobs.process_identity import ProcessIdentity

SWEEP, EXPLANATIONS = "sweep", "explanations"
PLACE = "job"


@dataclass(frozen=True)
class Job:
    """What a run shall do.

    Attributes:
        kind: `SWEEP` or `EXPLANATIONS`.
        words: The command, without ``xaudio``.
        asked: When it was asked for last, in seconds since 1970: jobs take turns in this order.
    """

    kind: str
    words: tuple[str, ...]
    asked: float


@dataclass(frozen=True)
class Performer:
    """The process that does a job.

    Attributes:
        identity: Which one.
        began: When its turn came, in seconds since 1970; None while it waits.
    """

    identity: ProcessIdentity
    began: float | None = None


@dataclass(frozen=True)
class JobFolder:
    """Where a job's files lie.

    Attributes:
        folder: What the command writes to.
    """

    folder: Path

    @property
    def log(self) -> Path:
        """What the command said."""
        return self.folder / PLACE / "log.txt"

    def job(self) -> Job | None:
        """What was asked for; None where the folder holds no job."""
        said = self._read("asked")
        return None if said is None else Job(said["kind"], tuple(said["words"]), said["asked"])

    def performer(self) -> Performer | None:
        """Who does it, or did last; None where nobody has begun."""
        said = self._read("process")
        if said is None:
            return None
        return Performer(ProcessIdentity(**said["identity"]), said["began"])

    def exit_code(self) -> int | None:
        """How the last run ended; None where it has not, or was killed."""
        said = self._read("ended")
        return None if said is None else said["code"]

    def ask(self, job: Job) -> None:
        """Write down what shall be done; how an earlier run ended is forgotten."""
        for name in ("process", "ended"):
            self._file(name).unlink(missing_ok=True)
        self._write("asked", asdict(job))

    def is_done_by(self, performer: Performer) -> None:
        """Write down who does it."""
        self._write("process", asdict(performer))

    def ended(self, code: int) -> None:
        """Write down how it ended."""
        self._write("ended", {"code": code})

    def last_lines(self, most: int = 40) -> list[str]:
        """The end of what the command said."""
        try:
            with self.log.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - 400 * most))
                text = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        return text.splitlines()[-most:]

    def _file(self, name: str) -> Path:
        return self.folder / PLACE / f"{name}.json"

    def _read(self, name: str) -> Any:
        try:
            return json.loads(self._file(name).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise JobError(
                f"'{self._file(name)}' cannot be read ({error}). Start the run under another name."
            ) from error

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        file = self._file(name)
        aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(content) + "\n", encoding="utf-8")
            aside.replace(file)
        except OSError as error:
            raise JobError(
                f"'{file}' cannot be written: {error.strerror}. Free some space there, or start "
                "the dashboard with another --runs folder."
            ) from error


def jobs_in(runs: Path) -> list[JobFolder]:
    """The jobs of a folder of runs, those asked for last first."""
    if not runs.is_dir():
        return []
    folders = [JobFolder(path) for path in runs.iterdir() if (path / PLACE).is_dir()]
    found = [(each.job(), each) for each in folders]
    known = [(job.asked, each.folder.name, each) for job, each in found if job is not None]
    return [each for _, _, each in sorted(known, key=lambda entry: entry[:2], reverse=True)]


def run_folder(runs: Path, name: str) -> Path:
    """The folder of a run of that name, directly below the folder of runs.

    Raises:
        JobError: The name is none for a folder, or there is such a folder already.

    >>> run_folder(Path("runs"), "phone codecs").as_posix()
    'runs/phone codecs'
    """
    if not name or name != name.strip() or name.startswith(".") or not _is_plain(name):
        raise JobError(
            f"A run cannot be named '{name}': expected letters, digits, spaces, '-', '_' and '.', "
            "at most 80, not beginning with '.'."
        )
    folder = runs / name
    if folder.exists():
        raise JobError(f"There is a run named '{name}' already; choose another name.")
    return folder


def _is_plain(name: str) -> bool:
    return len(name) <= 80 and all(letter.isalnum() or letter in " -_." for letter in name)


def said_words(words: Sequence[str]) -> str:
    """A job's command as one would type it.

    >>> said_words(("sweep", "run", "my clips.csv"))
    "xaudio sweep run 'my clips.csv'"
    """
    from shlex import join

    return join(["xaudio", *words])

"""From a request to a job: a name, a manifest where only a folder was given, then the start."""

from dataclasses import replace
from pathlib import Path

from xaudio.errors import CorpusError
from xaudio.jobs.commands import BatchRequest, SweepRequest, words_of
from xaudio.jobs.errors import JobError
from xaudio.jobs.job import EXPLANATIONS, PLACE, SWEEP, JobFolder, run_folder
from xaudio.jobs.running import start

MOST_NUMBERED = 10_000
CLASSES = ("bonafide", "spoof")
MANIFEST = "manifest.parquet"


def free_name(runs: Path, base: str) -> str:
    """The first of ``base-1``, ``base-2`` ... that no run has.

    >>> free_name(Path("nowhere"), "sweep")
    'sweep-1'
    """
    names = (f"{base}-{number}" for number in range(1, MOST_NUMBERED))
    return next(name for name in names if not (runs / name).exists())


def has_classes(folder: Path) -> bool:
    """Whether a folder's clips are told apart by folders named bonafide and spoof."""
    return all((folder / name).is_dir() for name in CLASSES)


def prepared(request: SweepRequest | BatchRequest, place: Path) -> SweepRequest | BatchRequest:
    """The request as its command can take it: a sweep over a folder gets a manifest of it.

    Args:
        request: Over a manifest or a folder.
        place: Where that manifest is written.

    Raises:
        JobError: The folder's clips have no labels.
        CorpusError: It holds no clips, or cannot be read.
    """
    if isinstance(request, BatchRequest) or not request.manifest.is_dir():
        return request
    from xaudio.datasets.manifest import save_manifest
    from xaudio.datasets.readers import read_dataset

    if not has_classes(request.manifest):
        raise JobError(
            f"A sweep needs to know what each clip is. Put those of '{request.manifest.name}' into "
            "two folders named bonafide and spoof, or choose a manifest."
        )
    clips = read_dataset("folder", request.manifest).filter(label=CLASSES)
    if not len(clips):
        raise CorpusError(f"'{request.manifest}' holds no recording.")
    save_manifest(clips, place / MANIFEST)
    return replace(request, manifest=place / MANIFEST)


def start_run(runs: Path, name: str, request: SweepRequest | BatchRequest) -> JobFolder:
    """Start a run in a folder of its own below the folder of runs.

    Args:
        runs: Where runs are written, and nothing outside it.
        name: Of the run and its folder.
        request: What it shall do.

    Raises:
        JobError: The name cannot be used, or the run cannot be started.
        CorpusError: Its clips cannot be listed.
    """
    folder = run_folder(runs, name)
    ready = prepared(request, folder / PLACE)
    kind = SWEEP if isinstance(request, SweepRequest) else EXPLANATIONS
    return start(folder, kind, words_of(ready, folder))

"""Which explanations a batch shall make, each with an id of its own: clips x methods."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from explainers.explainer import Explainer
from xaudio.audio import readable_name
from xaudio.batches.store import PIECE_SCHEMA
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.human_speech import AUDIO_SUFFIXES
from xaudio.datasets.manifest import Manifest, ManifestRow, load_manifest, of_split, rows_of
from xaudio.errors import CorpusError
from xaudio.explaining import check_target
from xaudio.provenance import ModelSpec, plain
from xaudio.sweeps.content import content_hash
from xaudio.sweeps.digests import with_digests
from xaudio.sweeps.identity import identify

# Goes up when what an explanation holds changes while its parts stay the same.
BATCH_VERSION = "1"
ID_LENGTH = 32
UNKNOWN = "unknown"
OF_THE_ROW = ("clip", "digest", "label", "member")


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of every clip.

    Attributes:
        classifier: What is explained.
        explainers: The methods by name.
        target: The number that is explained; the model's default where None.
        threshold: A detector's clip is bona fide at this score and above.
        model: What was said to load the classifier.
    """

    classifier: Classifier
    explainers: Mapping[str, Explainer]
    target: str | None = None
    threshold: float = 0.0
    model: ModelSpec | None = None


@dataclass(frozen=True)
class Piece:
    """One explanation: a clip and a method."""

    row: ManifestRow
    method: str
    id: str
    folder: str


@dataclass(frozen=True, eq=False)
class BatchPlan:
    """All explanations of a batch, clip by clip and method by method.

    Attributes:
        question: What is asked.
        clips: The manifest's table, every clip with its digest.
    """

    question: Question
    clips: pa.Table

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """What is to be done: clips of equal bytes once."""
        return tuple({piece.id: piece for piece in reversed(list(self))}.values())[::-1]

    def __iter__(self) -> Iterator[Piece]:
        for row, name in zip(rows_of(self.clips), folder_names(self.clips), strict=True):
            for method, beginning in self._beginnings.items():
                identity = content_hash(*beginning, str(row.digest))[:ID_LENGTH]
                yield Piece(row, method, identity, f"{name}-{method}")

    def table(self) -> pa.Table:
        """One row per explanation: the columns of `PIECE_SCHEMA`."""
        rows = [
            {
                "cell": piece.id,
                "path": piece.row.path.as_posix(),
                "method": piece.method,
                "folder": piece.folder,
                **{name: getattr(piece.row, name) for name in OF_THE_ROW},
            }
            for piece in self
        ]
        return pa.Table.from_pylist(rows, schema=PIECE_SCHEMA)

    @cached_property
    def _beginnings(self) -> dict[str, tuple[str, ...]]:
        """By method: what decides an explanation beside its clip."""
        asked = self.question
        shared = (
            BATCH_VERSION,
            identify(asked.classifier).digest,
            asked.target or asked.classifier.default_target,
            str(asked.threshold),
        )
        return {
            name: (*shared, name, json.dumps(_settings(explainer), sort_keys=True))
            for name, explainer in asked.explainers.items()
        }


def _settings(explainer: Explainer) -> Any:
    """By name; all methods are dataclasses."""
    return plain(asdict(explainer))  # type: ignore[call-overload]


def plan_batch(clips: Manifest, question: Question, most: int = 0) -> BatchPlan:
    """Every clip by every method.

    Args:
        clips: Which ones.
        question: What is asked of each.
        most: Only so many clips, the first; all if 0.

    Raises:
        CorpusError: There is no clip.
        ExplanationError: The target is none of the model's.
    """
    if not len(clips):
        raise CorpusError("There are no clips to explain.")
    check_target(question.target or question.classifier.default_target, question.classifier)
    chosen = Manifest(clips.table.slice(0, most)) if most else clips
    return BatchPlan(question, with_digests(chosen))


def clips_of(source: Path, split: str | None = None) -> Manifest:
    """The clips of a manifest, or the recordings below a folder, of which no label is known.

    Raises:
        CorpusError: There is neither, or it holds no clip.
    """
    if not source.is_dir():
        clips = load_manifest(source)
    else:
        clips = Manifest.of(
            ManifestRow(readable_name(path.relative_to(source).as_posix()), path, UNKNOWN)
            for path in sorted(source.rglob("*"))
            if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()
        )
        if not len(clips):
            raise CorpusError(f"{source} holds no recording ({' '.join(AUDIO_SUFFIXES)}).")
    return of_split(clips, split) if split else clips


def folder_names(clips: pa.Table) -> Sequence[str]:
    """A name for the files of each clip: its own, with part of its digest where two share it.

    Clips of equal bytes are one clip, and have the name of the first.

    >>> folder_names(pa.table({"clip": ["a/x.wav", "b/x.wav", "y.ogg"], "digest": ["1", "2", "3"]}))
    ['x-1', 'x-2', 'y']
    """
    stems = [PurePosixPath(clip).stem or "clip" for clip in clips["clip"].to_pylist()]
    digests = clips["digest"].to_pylist()
    counts = Counter(stems)
    names: dict[str, str] = {}
    for stem, digest in zip(stems, digests, strict=True):
        names.setdefault(digest, stem if counts[stem] == 1 else f"{stem}-{digest[:8]}")
    return [names[digest] for digest in digests]

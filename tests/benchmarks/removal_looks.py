"""What every way to remove parts sees in one clip, as values over time.

A look is written as a method with its settings: ``lime segments=windows:0.2 evaluations=600``.
Looks that remove the same parts in the same way share what they ask about: estimators on the same
design cost one of them. Scores and values are kept in two files per clip, so that a run that broke
off goes on where it was, and another look costs only what nobody has asked about yet.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import clip_digest
from explainers.explainer import Attribution, Scoring, explainers
from explainers.quality.frames import evidence_values, frame_values
from explainers.removal.behind import BehindLayer, FeatureRemover
from explainers.removal.engine import Played
from explainers.removal.game import Coalitions, Scores, play_against
from explainers.removal.method import Found, RemovalMethod
from explainers.removal.parts import Filling, Parts, TimeParts
from explainers.removal.replay import Replay
from explainers.removal.two_sided import TwoSidedOcclusion
from explainers.targets import Target
from perturbations.corruption import Key, generator
from xaudio.classifiers import Classifier

CEILING = "the model's own frame evidence"
BATCH = 8
"""Clips of four seconds that fit a processor's cache."""


@dataclass(frozen=True)
class Subject:
    """A clip in the ears of a model, and where the truth is.

    Attributes:
        name: Of the clip.
        waveform: Its samples.
        stretches: What is to be found, (start, end) in seconds.
        cluster: Clips of one cluster are not independent.
    """

    name: str
    waveform: Float[Tensor, "1 time"]
    stretches: Sequence[tuple[float, float]]
    cluster: str


@dataclass(frozen=True)
class Bench:
    """A model and what is read from it."""

    classifier: Classifier
    target: Target


@dataclass(frozen=True)
class AloneOcclusion(TwoSidedOcclusion):
    """One side of two: what the score gains from each window alone."""

    name: ClassVar[str] = "alone-occlusion"

    def attribution(self, found: Found, score: float) -> Attribution:
        estimates, nothing = found.played.estimates, found.played.nothing
        alone = np.array(estimates.findings["alone"]) - nothing
        played = Played(replace(estimates, values=alone), nothing)
        return super().attribution(Found(found.parts, played), score)


def moved_by_half(parts: TimeParts) -> TimeParts:
    """Windows side by side, moved by half their length; the first and last are shorter for it."""
    first, length = parts.stretches[0][0], parts.length
    size = first[1] - first[0]
    edges = [0, *range(size // 2, length, size), length]
    stretches = tuple((one,) for one in pairwise(edges))
    return TimeParts(tuple(map(str, edges[:-1])), stretches, length, parts.sample_rate)


STUDIED = {AloneOcclusion.name: AloneOcclusion}
UNSAID = {"joint": 0.005, "confidence": 0.0, "repeats": 1}
"""What holds where a title does not say otherwise, whatever the methods' defaults become."""
MOVED = "moved "
TOGETHER = " + "


@dataclass(frozen=True)
class Look:
    """One way to look.

    Attributes:
        title: A method and its settings; with ``moved`` before it for windows moved by half their
            length; several joined by ``+``, whose relevance is added.
    """

    title: str

    @property
    def single(self) -> "list[Look]":
        """The looks that are added."""
        return [Look(one) for one in self.title.split(TOGETHER)]

    @property
    def moved(self) -> bool:
        """Whether windows are moved by half their length."""
        return self.title.startswith(MOVED)

    @cached_property
    def method(self) -> RemovalMethod:
        """The method that the title names."""
        name, *given = self.title.removeprefix(MOVED).split()
        made = STUDIED.get(name) or explainers.get(name)
        known = {one.name: type(one.default) for one in fields(made)}
        pairs = (setting.split("=", 1) for setting in given)
        settings = {key: known[key](value) for key, value in pairs}
        unsaid = {key: value for key, value in UNSAID.items() if key in known}
        method: RemovalMethod = made(**unsaid | settings)
        return method


@dataclass
class Memory:
    """Scores of coalitions by board: by which parts there are, and how they are filled."""

    boards: dict[str, dict[bytes, float]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Memory":
        if not path.exists():
            return cls()
        stored, boards = dict(np.load(path)), {}
        for name in (key.removeprefix("scores ") for key in stored if key.startswith("scores ")):
            rows = (row.tobytes() for row in stored[f"rows {name}"])
            boards[name] = dict(zip(rows, stored[f"scores {name}"].tolist(), strict=True))
        return cls(boards)

    def write(self, path: Path) -> None:
        stored: dict[str, np.ndarray] = {}
        for name, known in self.boards.items():
            rows = [np.frombuffer(row, dtype=np.uint8) for row in known]
            stored[f"rows {name}"] = np.stack(rows) if rows else np.zeros((0, 1), np.uint8)
            stored[f"scores {name}"] = np.array([*known.values()])
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, **stored)
        unfinished.replace(path)

    def through(
        self, board: str, score: Callable[[Coalitions], Scores]
    ) -> Callable[[Coalitions], Scores]:
        """The same function, asked only for whole coalitions that are not known yet."""
        known = self.boards.setdefault(board, {})

        def value(coalitions: Coalitions) -> Scores:
            if coalitions.dtype != bool:
                return score(coalitions)
            keys = [row.tobytes() for row in np.packbits(coalitions, axis=1)]
            fresh = [row for row, key in enumerate(keys) if key not in known]
            if fresh:
                found = score(coalitions[fresh]).tolist()
                known.update(zip((keys[row] for row in fresh), found, strict=True))
            return np.array([known[key] for key in keys])

        return value


@dataclass
class Looking:
    """One clip on the bench."""

    bench: Bench
    subject: Subject
    memory: Memory

    @cached_property
    def score(self) -> float:
        """Of the whole clip."""
        return float(self._scores(self._scoring, self._clip[None])[0])

    @property
    def _scoring(self) -> Scoring:
        return Scoring(self.bench.classifier, self.bench.target)

    @property
    def _clip(self) -> Float[Tensor, " time"]:
        return self.subject.waveform[0]

    @property
    def _rate(self) -> int:
        return self.bench.classifier.sample_rate

    def ceiling(self) -> np.ndarray | None:
        """The model's own evidence on frames of 20 ms."""
        evidence = self.bench.classifier.frame_evidence(self.subject.waveform)
        if evidence is None:
            return None
        seconds = len(self._clip) / self._rate
        return evidence_values(evidence, self.bench.target, seconds)[0]

    def see(self, look: Look) -> tuple[np.ndarray, int]:
        """Relevance on frames of 20 ms, and how many evaluations that took on its own."""
        if len(look.single) > 1:
            frames, evaluations = zip(*(self.see(one) for one in look.single), strict=True)
            return np.sum(frames, axis=0), sum(evaluations)
        method = look.method
        if isinstance(method, Replay):
            target = self.bench.target
            (found,) = method.explain(self.bench.classifier, self.subject.waveform, target)
            return frame_values(found), found.provenance["evaluations"]
        parts = method.cut(self._clip, self._rate)
        if look.moved:
            assert isinstance(parts, TimeParts)
            parts = moved_by_half(parts)
        return self._play(method, parts)

    def _play(self, method: RemovalMethod, parts: Parts) -> tuple[np.ndarray, int]:
        filling = Filling(method.fill, Key(clip_digest(self._clip), method.seed), method.joint)
        assert method.repeats == 1, "add looks of other seeds instead"
        scoring, remover = self._scoring, None
        if method.behind:
            behind = BehindLayer(self.bench.classifier, method.behind, self._clip)
            scoring = Scoring(behind, self.bench.target)
            remover = FeatureRemover(behind, parts).remover(self._clip, filling)
        asked = 1

        def score(coalitions: Coalitions) -> Scores:
            nonlocal remover
            remover = remover or parts.remover(self._clip, filling)
            rows = torch.from_numpy(coalitions).split(BATCH)
            return np.concatenate([self._scores(scoring, remover(some)) for some in rows])

        through = self.memory.through(_board(method, parts), score)

        def value(coalitions: Coalitions) -> Scores:
            nonlocal asked
            asked += len(coalitions)
            return through(coalitions)

        chance = generator("removal", 1, filling.key)
        estimates = play_against(method.estimator(), value, len(parts), chance)
        nothing = float(through(np.zeros((1, len(parts)), dtype=bool))[0])
        found = method.attribution(Found(parts, Played(estimates, nothing)), self.score)
        told = method.explanation(found, self._scoring, len(self._clip), self.score, {})
        return frame_values(told), asked

    def _scores(self, scoring: Scoring, left: Tensor) -> Scores:
        with torch.no_grad():
            return scoring(left).double().numpy()


def look_at(bench: Bench, subject: Subject, looks: Sequence[Look], cache: Path) -> dict[str, Any]:
    """What every look sees in one clip, by its title: frames, evaluations, seconds of processor."""
    path, scores = cache / f"{subject.name}.npz", cache / f"{subject.name}.scores.npz"
    found: dict[str, Any] = dict(np.load(path)) if path.exists() else {}
    missing = [look for look in looks if f"frames: {look.title}" not in found]
    if missing or "score" not in found:
        looking = Looking(bench, subject, Memory.read(scores))
        found["score"] = looking.score
        if (evidence := looking.ceiling()) is not None:
            found[f"frames: {CEILING}"] = evidence
        for look in missing:
            started = time.process_time()
            frames, evaluations = looking.see(look)
            found[f"frames: {look.title}"] = frames.astype(np.float64)
            found[f"evaluations: {look.title}"] = evaluations
            found[f"seconds: {look.title}"] = time.process_time() - started
        looking.memory.write(scores)
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, **found)
        unfinished.replace(path)
    return found


def _board(method: RemovalMethod, parts: Parts) -> str:
    """A name for the parts, what they are filled with, and where."""
    told = f"{getattr(parts, 'stretches', parts)} {method.fill} {method.joint} {method.seed}"
    return hashlib.sha256(f"{told} {method.behind}".encode()).hexdigest()[:16]

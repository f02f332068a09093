"""What all methods that remove parts share: cut, fill, play, and tell what each part is worth."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import clip_digest
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, Scoring, Task
from explainers.removal.batch_size import BatchSize
from explainers.removal.behind import BehindLayer, FeatureRemover
from explainers.removal.engine import Board, Engine, Played, check_precision
from explainers.removal.fill_dependence import UnderFill, over_fills
from explainers.removal.game import Estimator
from explainers.removal.parts import Filling, Parts, Remover
from explainers.removal.progress import step_of
from explainers.removal.repeats import SEEDS_APART, merged
from explainers.removal.significance import NULLS, null_games, significance
from perturbations.corruption import Key, generator
from perturbations.fills import fills

ALL = "all"
MOST_PARTS = 5000


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in one clip.

    Attributes:
        parts: That could be taken away.
        played: What each is worth.
        significance: Against the null, where it was asked for.
    """

    parts: Parts
    played: Played
    significance: Mapping[str, Any] | None = None

    def ledger(self, score: float, total: float) -> dict[str, float]:
        """Where the rest of the clip's score is, beside the relevance that sums to `total`."""
        nothing = self.played.nothing
        return {"everything replaced": nothing, "interaction": score - nothing - total}

    @property
    def notes(self) -> dict[str, Any]:
        """What the provenance says of how it was found."""
        estimates = self.played.estimates
        told = {
            "fit": estimates.fit,
            "settled": estimates.settled,
            "significance": self.significance,
        }
        return {
            **estimates.findings,
            **{name: one for name, one in told.items() if one is not None},
        }


@dataclass(frozen=True)
class RemovalMethod(Explainer):
    """A method that scores a clip without some of its parts.

    Attributes:
        evaluations: The most that a clip may take.
        fill: What is put where a part was, see `perturbations.fills`; ``all`` tries every one and
            tells how far the result depends on it.
        joint: Length in seconds of the smooth joints around what is replaced.
        seed: Of the coalitions and of the fill.
        batch_size: Waveforms scored at once; 0 finds the best by measurement.
        precision: ``float32``, or ``bfloat16`` or ``float16`` where the device computes so.
        behind: A layer of the model, its front end, behind which parts are removed; empty removes
            them from the samples.
        null: What significance is held against: ``scrambled`` (the clip's parts in random order),
            ``randomised`` (the model's parameters shuffled), or empty for none.
        null_draws: How often the null is drawn.
        repeats: Games played, each with coalitions and a fill of its own; their mean is told, and
            from three on a standard error that knows of the fill's chance as well.
    """

    evaluations: int = 1000
    fill: str = "matched-noise"
    joint: float = 0.005
    seed: int = 0
    batch_size: int = 0
    precision: str = "float32"
    behind: str = ""
    null: str = ""
    null_draws: int = 19
    repeats: int = 1

    def __post_init__(self) -> None:
        check_fill(self.fill)
        check_running(self.name, self.batch_size, self.precision)
        if self.evaluations < 1:
            raise ExplanationError(
                f"{self.evaluations} evaluations were allowed '{self.name}'; allow at least one."
            )
        if not 0 <= self.joint < float("inf"):
            raise ExplanationError(f"Joints of {self.joint} s were asked for; give 0 or more.")
        if self.null not in ("", *NULLS) or self.null_draws < 1:
            raise ExplanationError(
                f"{self.null_draws} draws of the null '{self.null}' were asked for; there are: "
                f"{', '.join(NULLS)}, and at least one draw."
            )
        if self.repeats < 1:
            raise ExplanationError(f"{self.repeats} repeats were asked for; give one or more.")
        self.estimator()

    @abstractmethod
    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """What can be taken from a clip, which is on the CPU."""

    @abstractmethod
    def estimator(self) -> Estimator:
        """How parts are valued.

        Raises:
            ExplanationError: The settings do not go together.
        """

    def attribute(self, task: Task) -> list[Attribution]:
        """Every part's worth, with its standard error."""
        if self.fill == ALL:
            names = fills.names()
            told = [step_of(task.progress, number, len(names)) for number in range(len(names))]
            seen = [
                replace(self, fill=name)._under_fill(replace(task, progress=progress))
                for name, progress in zip(names, told, strict=True)
            ]
            return [over_fills(of_clip) for of_clip in zip(*seen, strict=True)]
        pairs = zip(self.found(task), task.scores.tolist(), strict=True)
        return [self.attribution(found, score) for found, score in pairs]

    def found(self, task: Task) -> list[Found]:
        """Parts and their worth, for every clip."""
        rate = task.scoring.model.sample_rate
        cut = [_checked(self.cut(clip.cpu(), rate)) for clip in task.waveform]
        scores = task.scores.tolist()
        rounds = []
        for number in range(self.repeats):
            again = replace(self, seed=self.seed + number * SEEDS_APART)
            part = replace(task, progress=step_of(task.progress, number, self.steps))
            rounds.append(again.played(part, task.waveform, cut, scores, self.estimator()))
        played = zip(*rounds, strict=True)
        found = [Found(parts, merged(plays)) for parts, plays in zip(cut, played, strict=True)]
        return self._against_null(task, found) if self.null else found

    @property
    def steps(self) -> int:
        """Games that are played for a clip, those under the null included."""
        return self.repeats + (self.null_draws if self.null else 0)

    def played(
        self,
        task: Task,
        waveform: Float[Tensor, "batch time"],
        cut: Sequence[Parts],
        scores: Sequence[float | None],
        estimator: Estimator,
    ) -> list[Played]:
        """This method's game on clips that are cut already.

        Args:
            task: How clips are scored, and who is told of progress.
            waveform: The clips.
            cut: What can be taken from each.
            scores: Of the clips, where they are known.
            estimator: How parts are valued.
        """
        scoring, removers = self._removers(task.scoring, waveform, cut)
        boards = [
            Board(remover, parts.names, self._random(clip), score)
            for remover, parts, clip, score in zip(removers, cut, waveform, scores, strict=True)
        ]
        engine = Engine(
            scoring,
            waveform.device,
            BatchSize(self.batch_size),
            self.precision,
            self.evaluations,
        )
        expected = max(self.expected(len(parts)) for parts in cut)
        played = engine.play(estimator, boards, task.progress, expected)
        if scoring is not task.scoring:
            task.scoring.evaluations += scoring.evaluations
        return played

    def expected(self, players: int) -> int:  # noqa: ARG002
        """Evaluations that a clip of so many parts is expected to take, for the progress."""
        return self.evaluations

    def attribution(self, found: Found, score: float) -> Attribution:
        """What was found for one clip, as relevance with its accounts."""
        estimates, parts = found.played.estimates, found.parts
        errors = estimates.standard_errors
        # A strength that sampling put below zero is none.
        values = estimates.values if self.signed else estimates.values.clip(min=0)
        more: dict[str, Any] = {}
        if self.signed:
            more["ledger"] = found.ledger(score, float(values.sum()))
        findings = found.notes
        if not parts.are_boxes:
            relevance, domain = parts.on_samples(values), "waveform"
            findings["parts"] = listed(parts.names, values, errors)
        else:
            relevance, domain = values, "segments"
            boxes = {"segments": parts.boxes, "segment_names": parts.names}
            more |= {**boxes, "standard_error": errors}
        return Attribution(relevance, domain, more, findings)

    def _under_fill(self, task: Task) -> list[UnderFill]:
        """What this one fill shows, as far as it is needed beside other fills."""
        length, made_by = task.waveform.shape[1], {"fill": self.fill}
        seen = []
        for found, score in zip(self.found(task), task.scores.tolist(), strict=True):
            one = self.attribution(found, score)
            explanation = self.explanation(one, task.scoring, length, score, made_by)
            seen.append(UnderFill(self.fill, found.played.estimates.values, one, explanation))
        return seen

    def _against_null(self, task: Task, found: Sequence[Found]) -> list[Found]:
        """What was found, with the chance of every part's share under the null."""
        parts, unknown = [one.parts for one in found], [None] * len(found)
        drawn: list[list[np.ndarray]] = [[] for _ in found]
        games = null_games(self.null, task, parts, self.null_draws, self.seed)
        for draw, (scoring, waveform, cut) in enumerate(games):
            progress = step_of(task.progress, self.repeats + draw, self.steps)
            asked = replace(task, scoring=scoring, progress=progress)
            for own, one in zip(
                drawn, self.played(asked, waveform, cut, unknown, self.estimator()), strict=True
            ):
                own.append(one.estimates.values)
            task.scoring.evaluations += scoring.evaluations
        return [
            replace(
                one,
                significance=significance(
                    self.null, one.parts.names, one.played.estimates.values, np.stack(own)
                ),
            )
            for one, own in zip(found, drawn, strict=True)
        ]

    def _removers(
        self, scoring: Scoring, waveform: Float[Tensor, "batch time"], cut: Sequence[Parts]
    ) -> tuple[Scoring, list[Remover]]:
        """What scores and what removes: on samples, or behind the model's front end."""
        clips = [*zip(waveform, cut, strict=True)]
        if not self.behind:
            return scoring, [parts.remover(clip, self._filling(clip)) for clip, parts in clips]
        behind = BehindLayer(scoring.model, self.behind, waveform[0])
        removers = [
            FeatureRemover(behind, parts).remover(clip, self._filling(clip))
            for clip, parts in clips
        ]
        return Scoring(behind, scoring.target), removers

    def _filling(self, clip: Float[Tensor, " time"]) -> Filling:
        return Filling(self.fill, Key(clip_digest(clip), self.seed), self.joint)

    def _random(self, clip: Float[Tensor, " time"]) -> np.random.Generator:
        return generator("removal", 1, Key(clip_digest(clip), self.seed))


def listed(
    names: Sequence[str],
    values: Float[np.ndarray, " parts"],
    errors: Float[np.ndarray, " parts"],
) -> dict[str, dict[str, float]]:
    """What each part is worth, for the provenance of relevance that is spread over samples."""
    return {
        name: {"relevance": float(value), "standard_error": float(error)}
        for name, value, error in zip(names, values, errors, strict=True)
    }


def _checked(parts: Parts) -> Parts:
    """The parts, unless there are so many that nothing could be said of each."""
    if len(parts) > MOST_PARTS:
        raise ExplanationError(
            f"The clip would be cut into {len(parts)} parts; give longer ones, so that there are "
            f"at most {MOST_PARTS}."
        )
    return parts


def check_fill(name: str) -> None:
    """There is such a fill, or it is all of them.

    Raises:
        ExplanationError: There is none; the message lists those there are.
    """
    if name not in (ALL, *fills.names()):
        raise ExplanationError(
            f"There is no fill '{name}'; there are: {', '.join(fills.names())}, and '{ALL}'."
        )


def check_running(method: str, batch_size: int, precision: str) -> None:
    """The engine can run so.

    Raises:
        ExplanationError: It cannot.
    """
    if batch_size < 0:
        raise ExplanationError(
            f"The setting 'batch_size' of '{method}' is {batch_size}; give 1 or more, or 0 to "
            "have it measured."
        )
    check_precision(precision)

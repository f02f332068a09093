"""Attack the explanation of a clip, write what came out, and explain the file that was written."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.explainer import Explainer
from explainers.targets import DECIDED, Target, parse_target
from perturbations.attacks import Attack, Budget
from perturbations.attacks.expectation import expected_logits, rounded, straight_through
from perturbations.attacks.explanations import (
    AttackedExplanation,
    Criteria,
    ExplanationObjective,
    KeptDecision,
    Rate,
    Relevance,
    Shift,
    aim_named,
    cells_inside,
    moved_later,
    noise_within,
    success_rate,
)
from perturbations.attacks.explanations.noise import begin_from
from perturbations.corruption import Key, generator
from perturbations.time_map import NOTHING_MOVES, TimeMap
from perturbations.waveform import within_full_scale
from xaudio.attacking import check_attack, wav_on_grid
from xaudio.audio import Clip, clip_from_bytes
from xaudio.classifiers import Classifier
from xaudio.classifiers.labels import BONAFIDE
from xaudio.explained import Decision
from xaudio.explaining import decide
from xaudio.folders import filled_whole
from xaudio.provenance import ModelSpec, plain, versions
from xaudio.relevance_cells import RelevanceCells, differentiable_cells

CELL_SECONDS = 0.02
NOISE_DRAWS = 3


@dataclass(frozen=True, eq=False)
class Question:
    """A clip whose explanation is attacked: what is to be kept and what to be moved.

    Attributes:
        clip: At the model's rate, within [-1, 1].
        classifier: What decides.
        before: What it says about the clip.
        kept: The decision, and how far the score may move.
        cells: The explanation as a function.
        clean: Relevance of the clip on its cells.
        criteria: What counts as a success.
    """

    clip: Clip
    classifier: Classifier
    before: Decision
    kept: KeptDecision
    cells: RelevanceCells
    clean: Float[Tensor, "1 cells"]
    criteria: Criteria

    @classmethod
    def about(
        cls,
        clip: Clip,
        classifier: Classifier,
        explainer: Explainer,
        target: str | None = None,
        *,
        threshold: float = 0.0,
        tolerance: float = math.inf,
        cell_seconds: float = CELL_SECONDS,
        criteria: Criteria | None = None,
    ) -> "Question":
        """Decide and explain the clean clip.

        Args:
            clip: Any rate; it is resampled to the classifier's, and turned down where it exceeds 1.
            classifier: What is explained.
            explainer: The method.
            target: As in `xaudio.explain`; ``decided`` stays the label of the clean clip.
            threshold: The score at and above which a detector's clip counts as bona fide.
            tolerance: How far the score may move, in logits; infinity asks for the same label.
            cell_seconds: Relevance is compared on cells of this length.
            criteria: What counts as a success.
        """
        heard = _within_range(clip.resampled(classifier.sample_rate))
        before = decide(heard, classifier, threshold)
        waveform = heard.waveform.to(classifier.device)
        cells = RelevanceCells(
            classifier, explainer, _target(target, classifier, before), cell_seconds
        )
        with torch.no_grad():
            logits = classifier.logits(waveform)
        label = torch.tensor([classifier.labels.index(before.label)])
        limit = before.threshold or 0.0
        lead = limit if before.label == BONAFIDE else -limit
        kept = KeptDecision.of(logits, label, lead if classifier.is_detector else 0.0, tolerance)
        return cls(heard, classifier, before, kept, cells, cells(waveform), criteria or Criteria())

    @property
    def waveform(self) -> Float[Tensor, "1 time"]:
        """The clip where the classifier is."""
        return self.clip.waveform.to(self.classifier.device)

    def objective(self, relevance: Relevance, aim: str) -> ExplanationObjective:
        """What an attack climbs: it sees everything behind the rounding of a 16-bit file."""

        def on_file(waveform: Float[Tensor, "some time"]) -> Float[Tensor, "some cells"]:
            return relevance(straight_through(rounded)(waveform))

        logits = expected_logits(self.classifier.logits, [straight_through(rounded)])
        return ExplanationObjective(logits, on_file, self.kept, aim_named(aim, self.clean))

    def judged(self, samples: Float[Tensor, " time"], delay: float = 0.0) -> "Judged":
        """What the model says of some samples as they stand in a 16-bit file, and why.

        Args:
            samples: The attacked clip.
            delay: By how many seconds it comes later; it is taken out again.
        """
        rate = self.clip.sample_rate
        wav = wav_on_grid(samples, rate)
        read = clip_from_bytes(wav, self.clip.name)
        after = decide(read, self.classifier, self.before.threshold or 0.0)
        later = TimeMap.later(delay) if delay else NOTHING_MOVES
        heard = read.waveform.to(self.classifier.device)
        relevance = self.cells(heard, later)[0]
        inside = self._inside(delay)
        figures = AttackedExplanation.measured(
            self.clip.waveform[0],
            moved_later(read.waveform, -delay * rate)[0],
            rate,
            self.clean[0][inside],
            relevance[inside],
            decision_kept=self._kept(after),
            criteria=self.criteria,
        )
        return Judged(wav, after, relevance.numpy(), figures, delay)

    def _kept(self, after: Decision) -> bool:
        same = after.label == self.before.label
        return same and abs(after.score - self.before.score) <= self.kept.tolerance

    def _inside(self, delay: float) -> Bool[Tensor, " cells"]:
        seconds = len(self.clip.samples) / self.clip.sample_rate
        edges = torch.from_numpy(self.cells.edges(seconds))
        return cells_inside(edges, delay, seconds)


@dataclass(frozen=True, eq=False)
class Judged:
    """An attacked clip as it stands in a 16-bit file.

    Attributes:
        wav: The file.
        after: What the model says about it.
        relevance: Its relevance on the cells of the clean clip.
        figures: How far it moved, and whether that counts.
        delay: By how many seconds it comes later than the clean clip.
    """

    wav: bytes
    after: Decision
    relevance: Float[np.ndarray, " cells"]
    figures: AttackedExplanation
    delay: float = 0.0


@dataclass(frozen=True, eq=False)
class AttackedExplanationClip:
    """A clip after an attack on its explanation, beside what noise of the same size does.

    Attributes:
        question: The clean clip and all about it.
        judged: The attacked one.
        noise: The same for random perturbations of the same budget: an explanation that these move
            as far is unstable, whoever attacks it.
        aim: Where the relevance should go.
        attack: With its settings.
        budget: How much it was allowed to change; None for a delay.
        evaluations: How often the explanation was asked for by the attack.
        seconds: Which the attack took.
        repeat: Which repeat of the random numbers.
        model: What was said to load the classifier.
    """

    question: Question
    judged: Judged
    noise: tuple[Judged, ...]
    aim: str
    attack: Attack | Shift
    budget: Budget | None
    evaluations: int
    seconds: float
    repeat: int
    model: ModelSpec

    @property
    def figures(self) -> AttackedExplanation:
        """How far the explanation moved."""
        return self.judged.figures

    @cached_property
    def clip(self) -> Clip:
        """The attacked clip, read from its file."""
        name = f"{Path(self.question.clip.name).stem}-attacked.wav"
        return clip_from_bytes(self.judged.wav, name)

    def summary(self) -> dict[str, Any]:
        """Figures before and after, those of noise, and how all was made."""
        question, cells = self.question, self.question.cells
        return {
            "clip": question.clip.name,
            "method": cells.explainer.name,
            "target": cells.target.spec,
            "attack": _name(self.attack),
            "aim": self.aim,
            "label": question.before.label,
            "label_after": self.judged.after.label,
            "score_before": question.before.score,
            "score_after": self.judged.after.score,
            **self.figures.as_dict(),
            "delay_seconds": self.judged.delay,
            "noise": [each.figures.as_dict() for each in self.noise],
            "evaluations": self.evaluations,
            "seconds": self.seconds,
            "provenance": {
                "clip_sha256": question.clip.digest,
                "decode_chain": list(question.clip.decode_chain),
                "model": plain(asdict(self.model)),
                "weights_sha256": question.classifier.fingerprint or None,
                "threshold": question.before.threshold,
                "tolerance": question.kept.tolerance if _finite(question.kept.tolerance) else None,
                "cell_seconds": cells.seconds,
                "method_settings": plain(asdict(cells.explainer)),  # type: ignore[call-overload]
                "attack_settings": _json(asdict(self.attack)),
                "budget": self.budget
                and {"kind": type(self.budget).__name__, **plain(asdict(self.budget))},
                "repeat": self.repeat,
                "versions": versions(),
            },
        }

    def picture(self) -> bytes:
        """The clip and its relevance before and after, as a PNG file."""
        from xaudio.reports.two_explanations import two_explanations_png

        question = self.question
        clean = question.clean[0].numpy()
        return two_explanations_png(
            question.clip.samples,
            question.clip.sample_rate,
            question.cells.edges(len(question.clip.samples) / question.clip.sample_rate),
            {"Clean": clean, "Attacked": self.judged.relevance, "Noise": self.noise[0].relevance},
            f"{question.clip.name}: {question.before.label}, {question.cells.explainer.name}, "
            f"{_name(self.attack)}",
        )

    def save(self, folder: str | Path) -> dict[str, Path]:
        """Write the attacked clip, the picture and the summary, all or nothing.

        Returns:
            The paths by what they hold: ``attacked``, ``picture``, ``summary``.

        Raises:
            ExplanationError: The folder cannot be written to; nothing new is left there then.
        """
        names = {
            "attacked": "attacked.wav",
            "picture": "relevance.png",
            "summary": "attack.json",
        }
        with filled_whole(folder, "The attacked clip") as aside:
            (aside / names["attacked"]).write_bytes(self.judged.wav)
            (aside / names["picture"]).write_bytes(self.picture())
            summary = json.dumps(self.summary(), indent=2, ensure_ascii=False)
            (aside / names["summary"]).write_text(summary + "\n", encoding="utf-8")
        return {what: Path(folder) / name for what, name in names.items()}


def attack_explanation(
    question: Question,
    attack: Attack,
    budget: Budget,
    aim: str = "away",
    *,
    repeat: int = 0,
    noise_draws: int = NOISE_DRAWS,
    model: ModelSpec | None = None,
    progress: Callable[[float], None] | None = None,
) -> AttackedExplanationClip:
    """Move the explanation of a clip within a budget and keep the decision.

    Args:
        question: The clip, the model, the method; see `Question.about`.
        attack: From `perturbations.attacks.load_attack`. One that needs gradients needs those of
            the explanation as well: see `xaudio.relevance_cells.differentiable_cells`.
        budget: How much may change; the rounding to 16 bits comes on top.
        aim: One of `perturbations.attacks.explanations.AIMS`.
        repeat: Other random numbers for the same clip.
        noise_draws: How many random perturbations it is compared with; the attack begins at the
            first, or at as much of it as keeps the decision.
        model: What was said to load the classifier; its name when not given.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ModelError: The attack needs gradients that the model does not give.
        ExplanationError: It needs gradients that the method does not give.
        CorruptionError: The aim or the attack does not fit.
    """
    check_attack(attack, question.classifier)
    relevance = differentiable_cells(question.cells) if attack.needs_gradients else question.cells
    objective = question.objective(relevance, aim)
    clip, waveform = question.clip, question.waveform
    keys = [Key(clip.digest, repeat * noise_draws + draw) for draw in range(noise_draws)]
    noisy = [noise_within(waveform, budget, clip.sample_rate, [key]) for key in keys]
    noise = tuple(question.judged(each[0]) for each in noisy)
    started = time.perf_counter()
    attacked = attack.pursue(
        objective,
        waveform,
        budget,
        clip.sample_rate,
        [Key(clip.digest, repeat)],
        progress=None if progress is None else lambda share, _: progress(share),
        earlier=begin_from(objective, waveform, noisy[0]),
    )
    seconds = time.perf_counter() - started
    judged = question.judged(attacked.waveform[0])
    evaluations = int(attacked.evaluations[0])
    spec = model or ModelSpec(question.classifier.name, is_object=True)
    return AttackedExplanationClip(
        question, judged, noise, aim, attack, budget, evaluations, seconds, repeat, spec
    )


def shift_explanation(
    question: Question,
    shift: Shift,
    aim: str = "away",
    *,
    repeat: int = 0,
    noise_draws: int = NOISE_DRAWS,
    model: ModelSpec | None = None,
    progress: Callable[[float], None] | None = None,
) -> AttackedExplanationClip:
    """Move the explanation of a clip by a small delay, compared with delays drawn at random.

    Arguments and errors as of `attack_explanation`.
    """
    started = time.perf_counter()
    waveform, rate = question.waveform, question.clip.sample_rate
    found = shift.run(
        question.classifier.logits,
        question.cells,
        waveform,
        question.kept,
        aim_named(aim, question.clean),
        rate,
        progress,
    )
    seconds = time.perf_counter() - started
    random = generator("shift", 1, Key(question.clip.digest, repeat))
    drawn = random.choice(found.delays, noise_draws)
    noise = tuple(
        question.judged(moved_later(waveform, delay * rate, shift.ends)[0], float(delay))
        for delay in drawn
    )
    judged = question.judged(found.waveform[0], found.delay)
    spec = model or ModelSpec(question.classifier.name, is_object=True)
    return AttackedExplanationClip(
        question, judged, noise, aim, shift, None, len(found.delays), seconds, repeat, spec
    )


def rates(found: list[AttackedExplanationClip]) -> dict[str, Rate]:
    """How often it succeeded over clips: by the attack and by noise, however it sounds and gated.

    The gated rate of the attack is the attribution attack success rate (AASR). Of noise each draw
    counts, so that its interval takes draws of one clip for independent.
    """
    noise = [each.figures for one in found for each in one.noise]
    attacked = [one.figures for one in found]
    return {
        "attack": success_rate([each.moved for each in attacked]),
        "attack_gated": success_rate([each.succeeded for each in attacked]),
        "noise": success_rate([each.moved for each in noise]),
        "noise_gated": success_rate([each.succeeded for each in noise]),
    }


def _target(target: str | None, classifier: Classifier, before: Decision) -> Target:
    wanted = (target or classifier.default_target).strip()
    return parse_target(before.label if wanted == DECIDED else wanted, classifier.labels)


def _within_range(clip: Clip) -> Clip:
    if np.abs(clip.samples).max() <= 1:
        return clip
    samples = within_full_scale(clip.waveform)[0].numpy()
    chain = (*clip.decode_chain, "turned down to a peak of 1")
    return replace(clip, samples=samples, decode_chain=chain)


def _name(attack: Attack | Shift) -> str:
    return "shift" if isinstance(attack, Shift) else attack.name


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _json(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value if _finite(value) else None for name, value in plain(settings).items()}

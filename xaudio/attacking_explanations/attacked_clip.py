"""What came of an attack on an explanation: figures, picture, files, rates over clips."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from perturbations.attacks import Attack, Budget
from perturbations.attacks.explanations import AttackedExplanation, Rate, Shift, success_rate
from xaudio.attacking_explanations.question import Judged, Question
from xaudio.audio import Clip, clip_from_bytes
from xaudio.folders import filled_whole
from xaudio.provenance import ModelSpec, plain, versions


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


def rates(found: Sequence[AttackedExplanationClip]) -> dict[str, Rate]:
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


def _name(attack: Attack | Shift) -> str:
    return "shift" if isinstance(attack, Shift) else attack.name


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _json(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value if _finite(value) else None for name, value in plain(settings).items()}

"""An explained clip: the decision and its explanation, as picture, sound, page and files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.explainer import FrameEvidence
from explainers.explanation import Explanation
from explainers.targets import parse_target
from xaudio.audio import Clip, wav_bytes
from xaudio.folders import filled_whole
from xaudio.provenance import Provenance, command_line, plain, python_lines
from xaudio.reports.elements import DARK, LIGHT, Curve, Stretch, Theme, WeighedPart, WeighedStretch

VOICE_READING = (
    "Each curve is the number that is explained as one property of the whole voice is changed and "
    "all else is kept. A property's relevance is what the score loses, on average, when it changes."
)


@dataclass(frozen=True)
class Decision:
    """What a model says about a clip.

    Attributes:
        label: The label it gives.
        score: For a detector the logit of bona fide minus that of spoof, higher for human speech;
            for other models the winner's logit minus the next one's.
        logits: By label, in the model's order.
        probabilities: Softmax over the logits, by label; not calibrated.
        threshold: A detector's clip is bona fide at this score and above; None for other models.
    """

    label: str
    score: float
    logits: Mapping[str, float]
    probabilities: Mapping[str, float]
    threshold: float | None

    @property
    def sentence(self) -> str:
        """The numbers behind the label, in one line."""
        share = f"{self.probabilities[self.label]:.2f} by softmax, uncalibrated"
        if self.threshold is None:
            return f"ahead of the next label by {self.score:.2f} in logits ({share})"
        side = "at or above" if self.score >= self.threshold else "below"
        return f"score {self.score:.2f}, {side} the threshold {self.threshold:.2f} ({share})"


@dataclass(frozen=True, eq=False)
class ExplainedClip:
    """A clip, what the model decided about it, and why.

    In a notebook it shows itself as picture and sound.

    Attributes:
        clip: The recording at the model's rate.
        decision: What the model says.
        explanation: Where that comes from.
        frame_evidence: The model's own logits over time, where it has any.
        provenance: What all this was made from.
        chosen_settings: The method's settings that were given by the user.
        labels: The model's labels, in the order of its logits.
        method_summary: What the method does, in one line for people.
    """

    clip: Clip
    decision: Decision
    explanation: Explanation
    frame_evidence: FrameEvidence | None
    provenance: Provenance
    chosen_settings: Mapping[str, Any]
    labels: tuple[str, ...]
    method_summary: str

    def picture(self, theme: Theme = LIGHT, stretches: Sequence[Stretch] = ()) -> bytes:
        """Waveform, spectrogram, relevance and evidence on one time axis, as a PNG file.

        Args:
            theme: Colours, for a light or a dark page.
            stretches: Known stretches to mark, such as the synthetic part of a hybrid.
        """
        drawn = (theme, *stretches)
        if drawn not in self._pictures:
            self._pictures[drawn] = self._drawn(theme, stretches)
        return self._pictures[drawn]

    def _drawn(self, theme: Theme, stretches: Sequence[Stretch]) -> bytes:
        title = f"{self.clip.name}: {self.decision.label}, {self.explanation.method}"
        if self.is_of_the_voice:
            from xaudio.reports.response_curves import response_curves_png

            return response_curves_png(self.explanation, title, theme)
        from xaudio.reports.figures import explanation_png

        return explanation_png(
            self.clip.samples,
            self.explanation,
            title=title,
            stretches=stretches,
            evidence=self.evidence_curve,
            theme=theme,
        )

    @property
    def is_of_the_voice(self) -> bool:
        """Whether the whole voice was changed, so that no part of the clip stands out."""
        return "curves" in self.explanation.provenance

    @cached_property
    def sound(self) -> bytes:
        """The clip as the model heard it, as a WAV file."""
        return wav_bytes(self.clip.samples, self.clip.sample_rate)

    @cached_property
    def relevant_sound(self) -> bytes:
        """What of the clip weighs, the rest turned down, as a WAV file."""
        return wav_bytes(self._relevant_part, self.clip.sample_rate)

    @cached_property
    def rest_sound(self) -> bytes:
        """What the relevant part leaves of the clip, as a WAV file: the two add up to it."""
        return wav_bytes(self.clip.waveform[0] - self._relevant_part, self.clip.sample_rate)

    @cached_property
    def _relevant_part(self) -> Float[Tensor, " time"]:
        from explainers.audible import relevant_part

        return relevant_part(self.explanation, self.clip.waveform[0])

    @cached_property
    def _pictures(self) -> dict[tuple[object, ...], bytes]:
        """Pictures already drawn: a page, a notebook and a file show the same one."""
        return {}

    @property
    def evidence_curve(self) -> Curve | None:
        """The target over time, by the model's own frame logits."""
        if self.frame_evidence is None:
            return None
        target = parse_target(self.explanation.target, self.labels)
        values = target(self.frame_evidence.logits[0].detach().to("cpu", torch.float32))
        name = f"The model's own evidence by frame: {target.spec}"
        return Curve(self.frame_evidence.start, self.frame_evidence.step, values.numpy(), name)

    @property
    def step(self) -> float:
        """Length of a stretch that can be named and listened to: half a second or less."""
        return min(0.5, self.explanation.seconds / 8)

    def strongest(self, count: int = 5) -> list[WeighedStretch]:
        """The stretches of `step` seconds that weigh most, for or against, the heaviest first.

        None where the whole voice was changed.
        """
        if self.is_of_the_voice:
            return []
        relevance = self.explanation.over_time(self.step).relevance
        magnitude = float(np.abs(relevance).sum()) or 1.0
        return [
            WeighedStretch(start, end, weight, abs(weight) / magnitude)
            for start, end, weight in self.explanation.strongest(count, self.step)
        ]

    def parts(self) -> list[WeighedPart]:
        """The named parts, the heaviest first: words, windows, properties of the voice."""
        from xaudio.reports.accounts import weighed_parts

        return weighed_parts(self.explanation)

    def summary(self) -> dict[str, Any]:
        """Decision, strongest stretches, accounts and provenance as JSON can hold them."""
        return {
            "clip": self.clip.name,
            "decision": plain(vars(self.decision)),
            "target": self.explanation.target,
            "target_value": self.explanation.score,
            "method": self.explanation.method,
            "strongest": [vars(stretch) for stretch in self.strongest()],
            "parts": [vars(part) for part in self.parts()],
            "relevance_in_all": self.explanation.total,
            "ledger": plain(self.explanation.ledger),
            "provenance": self.provenance.as_dict(),
        }

    def report(self, stretches: Sequence[Stretch] = ()) -> str:
        """The explanation as a page of HTML that needs nothing beside itself."""
        return self._page(self.picture(LIGHT, stretches), self.picture(DARK, stretches))

    def save(self, folder: str | Path, stretches: Sequence[Stretch] = ()) -> dict[str, Path]:
        """Write explanation, picture, relevant sound, report and summary into `folder`.

        All is written beside `folder` first and moved there when complete; files of an earlier
        explanation in it are replaced.

        Returns:
            The paths by what they hold: ``explanation``, ``picture``, ``relevant``, ``report``,
            ``summary``.

        Raises:
            ExplanationError: The folder cannot be written to, or the disk is full. Nothing is left
                there then.
        """
        light, dark = self.picture(LIGHT, stretches), self.picture(DARK, stretches)
        names = {
            "explanation": "explanation.npz",
            "picture": "picture.png",
            "relevant": "relevant.wav",
            "report": "report.html",
            "summary": "explanation.json",
        }
        with filled_whole(folder, "The explanation") as aside:
            self.explanation.save(aside / names["explanation"])
            (aside / names["picture"]).write_bytes(light)
            (aside / names["relevant"]).write_bytes(self.relevant_sound)
            (aside / names["report"]).write_text(self._page(light, dark), encoding="utf-8")
            summary = json.dumps(self.summary(), indent=2, ensure_ascii=False)
            (aside / names["summary"]).write_text(summary + "\n", encoding="utf-8")
        return {what: Path(folder) / name for what, name in names.items()}

    def _repr_html_(self) -> str:
        from xaudio.reports import html

        shown = html.picture(self.picture(), f"Relevance of {self.clip.name}")
        heading = html.paragraph(
            f"{self.clip.name}: {self.decision.label}, {self.decision.sentence}"
        )
        sounds = html.audio(self.sound, "The clip") + html.audio(
            self.relevant_sound, "Its relevant part"
        )
        return f"<div>{heading}{shown}{sounds}</div>"

    def _page(self, light: bytes, dark: bytes) -> str:
        from xaudio.reports.accounts import accounts
        from xaudio.reports.explanation_report import ExplanationReport, Picture, explanation_page

        shows = (
            f"How {self.explanation.target} answers when the voice in {self.clip.name} is changed."
            if self.is_of_the_voice
            else f"Waveform and spectrogram of {self.clip.name}, with the relevance for "
            f"{self.explanation.target} by {self.explanation.method} laid over it."
        )
        settings = self.chosen_settings
        report = ExplanationReport(
            title=self.clip.name,
            verdict=self.decision.label,
            verdict_detail=self.decision.sentence,
            picture=Picture(light, dark, shows),
            sounds={"The clip": self.sound}
            if self.is_of_the_voice
            else {"The clip": self.sound, "Its relevant part": self.relevant_sound},
            strongest=self.strongest(),
            signed=self.explanation.signed,
            target=self.explanation.target,
            method=f"{self.explanation.method}: {self.method_summary}",
            logits=self.decision.logits,
            provenance=_facts(self.provenance),
            command=command_line(self.provenance, self.clip.name, settings),
            python=python_lines(self.provenance, self.clip.name, settings),
            accounts=accounts(self.explanation),
            reading=VOICE_READING if self.is_of_the_voice else "",
        )
        return explanation_page(report)


def _facts(record: Provenance) -> dict[str, object]:
    """The provenance in words, without what is empty."""
    facts = {
        "Clip": record.clip,
        "SHA-256 of its bytes": record.clip_sha256,
        "Decoding": " → ".join(record.decode_chain),
        "Model": record.model.name,
        "Weights file": record.model.weights,
        "SHA-256 of the weights": record.weights_sha256,
        "Device": record.device,
        "Method": record.method,
        "Settings": ", ".join(f"{name} = {value}" for name, value in record.settings.items()),
        "Target": record.target,
        "Seed": record.seed,
        "Time taken": f"{record.seconds:.2f} s",
        "Versions": ", ".join(f"{name} {found}" for name, found in record.versions.items()),
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}

"""Relevance over a recording of any length, window by window, in bounded memory."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from numpy import ndarray

from explainers.axes import TOLERANCE, regular_edges
from explainers.errors import ExplanationError
from explainers.explainer import Explainer, Progress
from explainers.explanation import Explanation
from explainers.targets import DECIDED, Target, parse_target
from xaudio.classifiers.classifier import Classifier
from xaudio.long_recordings.merging import Merged, WindowRelevance, merged
from xaudio.long_recordings.opening import Source, open_recording
from xaudio.long_recordings.scoring import HOP, WINDOW, in_samples, share_done
from xaudio.long_recordings.streaming import Window, heard, resampling_chain, windows
from xaudio.provenance import plain, versions
from xaudio.reports.elements import Curve

STEP = 0.1  # seconds
RULE = (
    "A cell has the sum of what its windows give it, divided by how many windows hear it; what "
    "that leaves of the windows' scores stands in the ledger."
)


@dataclass(frozen=True, eq=False)
class ExplainedRecording:
    """The relevance of a recording, merged from its windows.

    Attributes:
        explanation: Relevance on one row of cells over the whole recording; its score and ledger
            are the windows', in the shares that count (see `xaudio.long_recordings.merging`).
        coverage: How many of the explained windows hear each cell; where 0, nothing was asked.
        table: A row per explained window: ``window`` (its number), ``start``, ``end`` (seconds),
            ``score`` (the target's value), ``relevance`` (its total), ``share`` (how much of the
            window counts in the recording).
    """

    explanation: Explanation
    coverage: Float[ndarray, " cells"]
    table: pa.Table

    @property
    def edges(self) -> Float[ndarray, " edges"]:
        """Of the cells, in seconds."""
        assert self.explanation.time_edges is not None
        return self.explanation.time_edges

    def curve(self) -> Curve:
        """The relevance of every step; NaN where nothing was asked."""
        values = np.where(self.coverage > 0, self.explanation.relevance[0], np.nan)
        step = float(self.edges[1] - self.edges[0])
        return Curve(0.0, step, values, f"Relevance for {self.explanation.target}")


def explained(
    source: Source,
    classifier: Classifier,
    explainer: Explainer,
    target: str | None = None,
    *,
    only: Collection[int] | None = None,
    window: float = WINDOW,
    hop: float = HOP,
    step: float = STEP,
    batch_size: int = 1,
    progress: Progress | None = None,
) -> ExplainedRecording:
    """What weighs in a recording, every window explained as a clip of its own.

    Silent windows have no relevance. Memory grows by about half a megabyte for an hour.

    Args:
        source: As for `scored`.
        classifier: What is explained.
        explainer: The method.
        target: The number to explain; the classifier's default where None.
        only: Numbers of the windows to explain, as rows of `WindowScores.table` made with the same
            `window` and `hop`; all where None.
        window: Length of a window in seconds.
        hop: From the start of one window to the next, in seconds.
        step: Seconds of a cell of the result.
        batch_size: Windows explained at once.
        progress: As for `scored`.

    Raises:
        AudioError: The recording cannot be used.
        ExplanationError: The method says nothing about parts of a clip, there is no such target, or
            no window was explained.
    """
    recording = open_recording(source)
    rate = classifier.sample_rate
    length, between = in_samples(window, hop, rate)
    regular_edges(1.0, step)  # refuses a step that is none
    asking = _Asking(classifier, explainer, _target(target, classifier), step, batch_size)
    end = 0
    for number, one in enumerate(windows(heard(recording, rate), length, between)):
        end = one.first + len(one.samples)
        if (only is None or number in only) and one.samples.any():
            asking.take(number, one)
        if progress is not None:
            progress(share_done(recording, end / rate))
    asking.finish()
    if not asking.found:
        raise ExplanationError(
            f"No window of '{recording.name}' was explained: none of those asked for is there, or "
            "all are silent."
        )
    edges = regular_edges(end / rate, step)
    result = merged(asking.found, edges)
    said = {
        "clip": recording.name,
        "clip_sha256": recording.digest,
        "decode_chain": resampling_chain(recording, rate),
        "model": classifier.name,
        "windows": {"seconds": length / rate, "hop": between / rate, "explained": asking.numbers},
        "merging": RULE,
        "settings": asking.settings,
        "versions": versions(),
    }
    explanation = Explanation(
        relevance=result.relevance[None],
        domain="stft",
        sample_rate=rate,
        seconds=end / rate,
        target=asking.target.spec,
        score=result.score,
        method=explainer.name,
        signed=explainer.signed,
        time_edges=edges,
        frequency_edges=np.array([0.0, rate / 2]),
        ledger=result.ledger,
        provenance=plain(said),
    )
    return ExplainedRecording(explanation, result.coverage, _table(asking, result))


class _Asking:
    """Explains windows, several at once, and keeps what they weigh in the recording's cells."""

    def __init__(
        self,
        classifier: Classifier,
        explainer: Explainer,
        target: Target,
        step: float,
        at_once: int,
    ):
        self.target = target
        self.found: list[WindowRelevance] = []
        self.numbers: list[int] = []
        self.settings: dict[str, Any] = {}
        self._classifier, self._explainer = classifier, explainer
        self._step, self._at_once = step, at_once
        self._waiting: list[Window] = []

    def take(self, number: int, window: Window) -> None:
        """Explain a window, now or together with those to come."""
        self.numbers.append(number)
        self._waiting.append(window)
        if len(self._waiting) >= self._at_once:
            self.finish()

    def finish(self) -> None:
        """Explain those that still wait."""
        if not self._waiting:
            return
        waveforms = torch.stack([torch.from_numpy(window.samples) for window in self._waiting])
        explanations = self._explainer.explain(self._classifier, waveforms, self.target)
        for window, explanation in zip(self._waiting, explanations, strict=True):
            if "curves" in explanation.provenance:
                raise ExplanationError(
                    f"The method '{self._explainer.name}' changes a voice as a whole and says "
                    "nothing about its parts; choose another for a long recording."
                )
            self.found.append(self._in_cells(window, explanation))
            self.settings = dict(explanation.provenance.get("settings", {}))
        self._waiting.clear()

    def _in_cells(self, window: Window, explanation: Explanation) -> WindowRelevance:
        start = window.first / self._classifier.sample_rate
        first_cell = int(start / self._step + TOLERANCE)
        in_window = first_cell * self._step - start  # where that cell begins
        stretches = explanation.over_time(self._step, in_window)
        return WindowRelevance(
            start,
            start + explanation.seconds,
            explanation.score,
            dict(explanation.ledger),
            first_cell,
            stretches.relevance.astype(np.float64),
        )


def _target(spec: str | None, classifier: Classifier) -> Target:
    """One number for all windows."""
    wanted = spec or classifier.default_target
    if wanted.strip() == DECIDED and DECIDED not in classifier.labels:
        raise ExplanationError(
            "The target 'decided' may be another label in every window; name the label to explain: "
            f"{', '.join(classifier.labels)}."
        )
    return parse_target(wanted, classifier.labels)


def _table(asking: _Asking, result: Merged) -> pa.Table:
    windows = asking.found
    return pa.table(
        {
            "window": asking.numbers,
            "start": [window.start for window in windows],
            "end": [window.end for window in windows],
            "score": [window.score for window in windows],
            "relevance": [window.total for window in windows],
            "share": result.shares,
        }
    )

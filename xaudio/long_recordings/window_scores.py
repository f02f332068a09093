"""What a model says about a long recording, window by window."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from numpy import ndarray

from xaudio.errors import ModelError
from xaudio.long_recordings.clock import clock
from xaudio.reports.elements import Curve, Stretch

SCHEMA = pa.schema(
    [
        ("start", pa.float64()),
        ("end", pa.float64()),
        ("score", pa.float64()),
        ("label", pa.string()),
        ("level_db", pa.float64()),
        ("remark", pa.string()),
    ]
)
NO_VERDICT = (
    "This is a list of windows, not a verdict on the recording: error rates of a detector hold for "
    "single clips, and among many windows some fall on the other side by chance."
)


@dataclass(frozen=True)
class Run:
    """Neighbouring windows with the same label.

    Attributes:
        start: In seconds.
        end: In seconds; where the next run begins.
        label: Of all its windows; None where they could not be scored.
        windows: How many.
        speech: How many of them carry no remark.
        lowest: The smallest of their scores; None where there is none.
        highest: The largest.
    """

    start: float
    end: float
    label: str | None
    windows: int
    speech: int
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, eq=False)
class WindowScores:
    """The windows of a recording and what a model says about each.

    Attributes:
        name: The recording's name.
        digest: SHA-256 of its original bytes.
        seconds: Its length.
        decode_chain: How its samples came from those bytes, up to the model's rate.
        model: The classifier's name.
        labels: In the model's order.
        threshold: A detector's window is bona fide at this score and above; None for other models.
        window: Length of a window in seconds.
        hop: From one window to the next, in seconds.
        table: A row per window in the order of time: ``start``, ``end`` (seconds), ``score`` (a
            detector's: bona fide minus spoof; else the winner's lead), ``label``, ``level_db``
            (against full scale) and ``remark``: ``silence``, ``quiet``, ``steady``, or null where
            nothing speaks against speech. Score and label are null for silence, and where the
            model has no finite answer.
    """

    name: str
    digest: str
    seconds: float
    decode_chain: tuple[str, ...]
    model: str
    labels: tuple[str, ...]
    threshold: float | None
    window: float
    hop: float
    table: pa.Table

    def __len__(self) -> int:
        return len(self.table)

    def at(self, threshold: float) -> "WindowScores":
        """The same scores with labels by another threshold.

        Raises:
            ModelError: The model is no detector and has none.
        """
        if self.threshold is None:
            raise ModelError(f"'{self.model}' is no detector; its windows have no threshold.")
        scores = self.table["score"]
        labels = pc.if_else(pc.greater_equal(scores, threshold), "bonafide", "spoof")
        place = self.table.column_names.index("label")
        table = self.table.set_column(place, SCHEMA.field("label"), labels)
        return replace(self, threshold=threshold, table=table)

    @property
    def counts(self) -> dict[str, int]:
        """Windows with each label; those that could not be scored have none."""
        found = self.table["label"].value_counts().to_pylist()
        known = {entry["values"]: entry["counts"] for entry in found}
        return {label: known.get(label, 0) for label in self.labels}

    @property
    def counts_in_speech(self) -> dict[str, int]:
        """The same among the windows without a remark."""
        return replace(self, table=self.speech).counts

    @property
    def speech(self) -> pa.Table:
        """The windows without a remark."""
        return self.table.filter(pc.is_null(self.table["remark"]))

    @property
    def remarks(self) -> dict[str, int]:
        """How many windows carry each remark."""
        found = pc.drop_null(self.table["remark"].combine_chunks()).value_counts().to_pylist()
        return {entry["values"]: entry["counts"] for entry in found}

    def lowest(self, count: int = 1) -> list[dict[str, Any]]:
        """Windows without a remark that have the lowest scores, as rows, the lowest first.

        Of all windows where every one carries a remark.
        """
        among = self.speech if len(self.speech) else self.table
        scored = among.filter(pc.is_valid(among["score"]))
        return scored.sort_by([("score", "ascending")]).slice(0, count).to_pylist()

    @cached_property
    def edges(self) -> Float[ndarray, " edges"]:
        """Seconds between which each window stands for the recording: halfway to its neighbours."""
        centres = (self.table["start"].to_numpy() + self.table["end"].to_numpy()) / 2
        return np.concatenate([[0.0], (centres[:-1] + centres[1:]) / 2, [self.seconds]])

    def curve(self) -> Curve:
        """The score every half `hop`, of the window that stands for it; NaN where there is none."""
        step = self.hop / 2
        middles = (np.arange(max(1, int(self.seconds / step))) + 0.5) * step
        window = np.searchsorted(self.edges, middles, side="right") - 1
        scores = self.table["score"].to_numpy()[window.clip(0, len(self) - 1)]
        return Curve(0.0, step, scores.astype(np.float64), f"Score of {self.model}")

    def runs(self) -> list[Run]:
        """Neighbouring windows with the same label, one run after the other; they cover all."""
        labels = self.table["label"].to_pylist()
        borders = [n for n in range(1, len(labels)) if labels[n] != labels[n - 1]]
        ends = [*borders, len(labels)]
        return [self._run(first, last) for first, last in zip([0, *borders], ends, strict=True)]

    def stretches(self, label: str) -> tuple[Stretch, ...]:
        """The runs with a label, as stretches that a page draws."""
        return tuple(
            Stretch(run.start, run.end, label) for run in self.runs() if run.label == label
        )

    def sentences(self) -> Iterator[str]:
        """What was found, for people; the last says what it is not."""
        yield (
            f"{self.name}, {clock(self.seconds)}: {len(self):,} windows of {self.window:g} s, "
            f"one every {self.hop:g} s."
        )
        yield from self._about_speech()
        marked = ", ".join(f"{count:,} {what}" for what, count in self.remarks.items())
        if marked:
            yield f"Marked, because they do not sound like speech: {marked}."
        if unanswered := self.table["label"].null_count - self.remarks.get("silence", 0):
            yield f"The model has no answer to {unanswered:,} windows."
        yield NO_VERDICT

    def _about_speech(self) -> Iterator[str]:
        counts = self.counts_in_speech
        total = sum(counts.values())
        if total == 0:
            yield "No window sounds like speech; what the model says means little."
            return
        said = ", ".join(
            f"{count:,} {label} ({count / total:.1%})" for label, count in counts.items()
        )
        at = "" if self.threshold is None else f" at the threshold {self.threshold:.2f}"
        yield f"Of {total:,} that may hold speech: {said}{at}."
        (lowest,) = self.lowest()
        yield (
            f"Lowest score: {lowest['score']:.2f} ({lowest['label']}), "
            f"{clock(lowest['start'])} to {clock(lowest['end'])}."
        )

    def _run(self, first: int, last: int) -> Run:
        rows = self.table.slice(first, last - first)
        ends = pc.min_max(rows["score"]).as_py()
        return Run(
            float(self.edges[first]),
            float(self.edges[last]),
            rows["label"][0].as_py(),
            len(rows),
            rows["remark"].null_count,
            ends["min"],
            ends["max"],
        )

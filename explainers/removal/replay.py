"""Looking again where it matters: from coarse to fine, until the model's answer stops changing.

After Stergiou and Damen, "Play It Back" (ICASSP 2023): what decides is played again at a finer
hop. There a trained decoder listens; here any model does.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Task, register_explainer
from explainers.explanation import Explanation
from explainers.removal.engine import Played
from explainers.removal.estimators.sliding import Sliding
from explainers.removal.game import Estimator
from explainers.removal.method import RemovalMethod
from explainers.removal.occlusion import mean_over_windows
from explainers.removal.parts import Stretch, TimeParts
from explainers.removal.two_sided import slid_windows
from explainers.segmentation.naming import spans

REST = "rest"
CELLS = 4
"""Hops in a window: windows overlap by three quarters."""


@dataclass(frozen=True)
class Look:
    """One look: the windows that were slid through a stretch, and the most decisive of them.

    Attributes:
        inside: What was looked through, (start, stop) in samples.
        windows: The windows, in samples.
        worth: Of each window, see `Sliding`.
        chosen: Number of the window whose worth is largest, for or against the target.
        alone: The score of the chosen window alone.
        without: The score of the clip without it.
        ahead: By how much its magnitude exceeds that of the best window apart from it.
    """

    inside: Stretch
    windows: tuple[Stretch, ...]
    worth: tuple[float, ...]
    chosen: int
    alone: float
    without: float
    ahead: float

    @property
    def stretch(self) -> Stretch:
        """The most decisive window."""
        return self.windows[self.chosen]


@register_explainer
@dataclass(frozen=True)
class Replay(RemovalMethod):
    """The most decisive stretch, and the most decisive inside it, and so on.

    Windows are half as long as what is looked through, and slide by a quarter of their length. A
    window's worth is the mean of what the score loses without it and gains from it alone. The
    looks end when the answer no longer changes with the window, or windows become too short.
    Relevance is that of the finest look that saw a sample; each look is a child.

    Attributes:
        window: Of the first look, in seconds; at most half the clip is taken.
        shortest: No window is shorter, in seconds.
        tolerance: The answer no longer changes when all windows of a look are worth the same but
            for this share of what the whole clip brings.
    """

    window: float = 1.0
    shortest: float = 0.1
    tolerance: float = 0.02
    evaluations: int = 10_000

    name: ClassVar[str] = "replay"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "Which stretch decides, which part of it, and so on, down to a tenth."

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.shortest <= self.window < float("inf") or not 0 <= self.tolerance < 1:
            raise ExplanationError(
                f"Windows from {self.window} s down to {self.shortest} s with a tolerance of "
                f"{self.tolerance} were asked for; give 0 < shortest <= window, and a tolerance "
                "from 0 to less than 1."
            )
        if self.fill == "all" or self.null or self.repeats > 1:
            raise ExplanationError(
                "'replay' looks where one fill leads it; name one fill, no null and no repeats."
            )

    def estimator(self) -> Estimator:
        """Windows of four hops, in the first look."""
        return Sliding(CELLS)

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> TimeParts:
        """The hops of the first look."""
        return _cells((0, len(clip)), self._first(len(clip), sample_rate), len(clip), sample_rate)

    def attribute(self, task: Task) -> list[Attribution]:
        """Look, and look again inside what was chosen, all clips side by side."""
        length, rate = task.waveform.shape[1], task.scoring.model.sample_rate
        shortest = max(CELLS, round(self.shortest * rate))
        scores = task.scores.tolist()
        looks: list[list[Look]] = [[] for _ in scores]
        nothing = [0.0] * len(scores)
        size, going = self._first(length, rate), [*range(len(scores))]
        quiet, done = replace(task, progress=lambda _: task.progress(min(done, 0.99))), 0.0
        while going:
            inside = [looks[i][-1].stretch if looks[i] else (0, length) for i in going]
            cut = [_cells(one, size, length, rate) for one in inside]
            known = [scores[i] for i in going]
            estimator = Sliding(CELLS, others=int(cut[0].names[-1] == REST))
            played = self.played(quiet, task.waveform[going], cut, known, estimator)
            done += 1 / (1 + math.log2(max(1, self.window / self.shortest)))
            task.progress(min(done, 0.99))
            for i, parts, stretch, one in zip(going, cut, inside, played, strict=True):
                looks[i].append(_look(stretch, parts, one))
                nothing[i] = one.nothing
            size //= 2
            going = [
                i
                for i in going
                if size >= shortest and not self._settled(looks[i][-1], scores[i] - nothing[i])
            ]
        task.progress(1.0)
        return [
            self._attribution(task, own, score, rest)
            for own, score, rest in zip(looks, scores, nothing, strict=True)
        ]

    def _first(self, length: int, sample_rate: int) -> int:
        """The first window in samples: at most half the clip, at least a sample for each hop."""
        return max(CELLS, min(round(self.window * sample_rate), length // 2))

    def _settled(self, look: Look, brings: float) -> bool:
        return max(look.worth) - min(look.worth) <= self.tolerance * abs(brings)

    def _attribution(
        self, task: Task, looks: Sequence[Look], score: float, nothing: float
    ) -> Attribution:
        length, rate = task.waveform.shape[1], task.scoring.model.sample_rate
        density = np.zeros(length)
        for look in looks:
            start, stop = look.inside
            seen = mean_over_windows(np.array(look.worth), look.windows, length)
            density[start:stop] = seen[start:stop]
        total = float(density.sum())
        ledger = {"everything replaced": nothing, "interaction": score - nothing - total}
        children = tuple(self._child(task, look, score) for look in looks)
        findings = {"looks": [_told(look, rate) for look in looks]}
        return Attribution(
            density, more={"ledger": ledger, "children": children}, findings=findings
        )

    def _child(self, task: Task, look: Look, score: float) -> Explanation:
        rate = task.scoring.model.sample_rate
        times = np.array(look.windows, dtype=np.float64) / rate
        edges = np.tile([0.0, rate / 2], (len(times), 1))
        found = Attribution(
            np.array(look.worth), "segments", {"segments": np.hstack([times, edges])}
        )
        made_by = {"settings": asdict(self), "look": _told(look, rate)}
        return self.explanation(found, task.scoring, task.waveform.shape[1], score, made_by)


def _cells(inside: Stretch, size: int, length: int, sample_rate: int) -> TimeParts:
    """A stretch in hops of a quarter window, and what lies around it, if anything, as one part."""
    hop = max(1, size // CELLS)
    start, stop = inside
    edges = [*range(start, stop, hop)]
    if len(edges) > 1 and stop - edges[-1] < hop:
        edges.pop()  # the last hop takes what is left over
    hops = [*zip(edges, [*edges[1:], stop], strict=True)]
    names = spans([(first / sample_rate, end / sample_rate) for first, end in hops], "s", 2)
    stretches = [(one,) for one in hops]
    around = tuple((one, end) for one, end in ((0, start), (stop, length)) if one < end)
    if around:
        return TimeParts((*names, REST), (*stretches, around), length, sample_rate)
    return TimeParts(tuple(names), tuple(stretches), length, sample_rate)


def _look(inside: Stretch, parts: TimeParts, played: Played) -> Look:
    """What one look found."""
    hops = [own[0] for own, name in zip(parts.stretches, parts.names, strict=True) if name != REST]
    worth = played.estimates.values
    windows = slid_windows(hops, CELLS, len(worth))
    chosen = int(np.abs(worth).argmax())
    start, stop = windows[chosen]
    apart = [
        abs(one) for one, (a, b) in zip(worth, windows, strict=True) if b <= start or stop <= a
    ]
    findings = played.estimates.findings
    return Look(
        inside=inside,
        windows=tuple(windows),
        worth=tuple(worth.tolist()),
        chosen=chosen,
        alone=findings["alone"][chosen],
        without=findings["without"][chosen],
        ahead=float(abs(worth[chosen]) - max(apart, default=0.0)),
    )


def _told(look: Look, sample_rate: int) -> dict[str, Any]:
    """The look in seconds, for the provenance."""
    start, stop = look.stretch
    return {
        "start": start / sample_rate,
        "end": stop / sample_rate,
        "worth": look.worth[look.chosen],
        "alone": look.alone,
        "without": look.without,
        "ahead": look.ahead,
    }

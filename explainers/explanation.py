"""Explanation: relevance, its axes, where every bit of it went, and how it was made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from explainers.axes import (
    TOLERANCE,
    check_edges,
    covering_edges,
    regular_edges,
)
from explainers.errors import ExplanationError
from explainers.projection import REST, Stretch, overlap_shares, partition, regrid
from explainers.storage import read_archive, write_archive

DOMAINS = ("waveform", "stft", "mel", "segments")
FORMAT = "explanation"
FORMAT_VERSION = 1
ARRAYS = {
    "relevance": (1, 2),
    "time_edges": (1,),
    "frequency_edges": (1,),
    "segments": (2,),
    "standard_error": (1, 2),
    "coefficient": (1,),
    "activation": (1,),
}
"""The arrays an explanation may have, and of how many dimensions."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation:
    """How much each part of one clip weighed in one number the model gave.

    Attributes:
        relevance: Per sample ``[time]``, per cell ``[frequency, time]``, or per segment ``[n]``.
        domain: ``waveform`` (samples), ``stft`` or ``mel`` (cells of a grid), or ``segments``.
        sample_rate: Of the clip, in Hz.
        seconds: Length of the clip.
        target: What is explained, as written by the user: ``spoof - bonafide``.
        score: The target's value for this clip.
        method: Name of the method that made it.
        signed: Whether relevance against the target is negative; else it is a strength, >= 0.
        time_edges: Of the cells along time, in seconds, one more than there are cells; given for
            grids, made for waveforms, None for segments.
        frequency_edges: Of a grid's cells along frequency, in Hz.
        segments: ``[n, 4]``: start and end in seconds, low and high in Hz.
        segment_names: What each segment is called, where they have names: words, sources.
        ledger: Named amounts that reached no part of the input; for methods that keep accounts,
            ``total + sum(ledger.values()) == score``.
        standard_error: Of each relevance value, where the method draws samples.
        coefficient: Where relevance is activation x coefficient, per sample: the coefficient.
        activation: The other factor: the waveform, or its difference from a baseline.
        children: Nested looks at parts of the same clip.
        provenance: Method settings, versions, seconds, evaluations; anything JSON can hold.
    """

    relevance: Float[np.ndarray, "..."]
    domain: str
    sample_rate: int
    seconds: float
    target: str
    score: float
    method: str
    signed: bool
    time_edges: Float[np.ndarray, " time_edges"] | None = None
    frequency_edges: Float[np.ndarray, " frequency_edges"] | None = None
    segments: Float[np.ndarray, "n 4"] | None = None
    segment_names: tuple[str, ...] = ()
    ledger: Mapping[str, float] = field(default_factory=dict)
    standard_error: Float[np.ndarray, "..."] | None = None
    coefficient: Float[np.ndarray, " time"] | None = None
    activation: Float[np.ndarray, " time"] | None = None
    children: tuple["Explanation", ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.domain == "waveform" and self.time_edges is None:
            edges = np.arange(self.relevance.size + 1) / self.sample_rate
            object.__setattr__(self, "time_edges", edges)
        _check(self)

    @property
    def total(self) -> float:
        """All relevance, summed."""
        return float(self.relevance.sum(dtype=np.float64))

    def over_time(self, step: float, start: float = 0.0) -> "Explanation":
        """The same relevance in stretches of `step` seconds, one of them beginning at `start`.

        The first and last are shorter where the steps do not fit. Total kept.
        """
        edges = regular_edges(self.seconds, step, start)
        return self._over_stretches(edges)

    def over_time_frequency(
        self, step: float, frequency_edges: Float[np.ndarray, " edges"] | Sequence[float]
    ) -> "Explanation":
        """The same relevance on a grid of `step` seconds by the bands between the edges in Hz.

        Bands below the first and above the last edge are added, so the total is kept.

        Raises:
            ExplanationError: The relevance has no frequency axis.
        """
        self._need_frequency()
        times = regular_edges(self.seconds, step)
        bands = covering_edges(np.asarray(frequency_edges, dtype=float), self.sample_rate / 2)
        return self._project(
            domain="stft",
            relevance=self._on_grid(times, bands),
            time_edges=times,
            frequency_edges=bands,
        )

    def over_bands(self, edges: Float[np.ndarray, " edges"] | Sequence[float]) -> "Explanation":
        """The same relevance in bands between the edges in Hz, over the whole clip.

        Bands below the first and above the last edge are added, so the total is kept.

        Raises:
            ExplanationError: The relevance has no frequency axis.
        """
        self._need_frequency()
        bands = covering_edges(np.asarray(edges, dtype=float), self.sample_rate / 2)
        whole = np.array([0.0, self.seconds])
        boxes = np.column_stack(
            [np.zeros(len(bands) - 1), np.full(len(bands) - 1, self.seconds), bands[:-1], bands[1:]]
        )
        relevance = self._on_grid(whole, bands)[:, 0]
        return self._project(domain="segments", relevance=relevance, segments=boxes)

    def over_segments(self, segments: Mapping[str, Sequence[Stretch]]) -> dict[str, float]:
        """Relevance of each named segment, and of all that none of them covers, called ``rest``.

        Args:
            segments: For each name its stretches (start, end) in seconds, without overlap.
        """
        edges, names = partition(segments, self.seconds)
        sums = dict.fromkeys([*segments, REST], 0.0)
        for name, relevance in zip(names, self._on_times(edges), strict=True):
            sums[name] += float(relevance)
        return sums

    def strongest(self, count: int, step: float) -> list[tuple[float, float, float]]:
        """The `count` stretches of `step` seconds that weigh most, for or against the target.

        Returns:
            (start, end, relevance), the largest magnitude first.
        """
        if count < 1:
            raise ExplanationError(f"{count} stretches were asked for; ask for at least one.")
        stretches = self.over_time(step)
        assert stretches.segments is not None
        order = np.argsort(-np.abs(stretches.relevance), kind="stable")[:count]
        return [
            (float(stretches.segments[i, 0]), float(stretches.segments[i, 1]), float(value))
            for i, value in zip(order, stretches.relevance[order], strict=True)
        ]

    def with_provenance(self, **more: Any) -> "Explanation":
        """A copy that also says `more` about how it was made."""
        return replace(self, provenance={**self.provenance, **more})

    def save(self, path: Path | str) -> None:
        """Write one ``.npz`` with a JSON header and no pickle, whole or not at all."""
        header, arrays = _pack(self, "")
        write_archive(Path(path), {"format": FORMAT, "version": FORMAT_VERSION, **header}, arrays)

    def equals(self, other: "Explanation") -> bool:
        """Whether everything about the two is the same, to the last bit."""
        mine, my_arrays = _pack(self, "")
        theirs, their_arrays = _pack(other, "")
        return (
            json.dumps(mine) == json.dumps(theirs)
            and my_arrays.keys() == their_arrays.keys()
            and all(_same(array, their_arrays[name]) for name, array in my_arrays.items())
        )

    def _over_stretches(self, edges: Float[np.ndarray, " edges"]) -> "Explanation":
        count = len(edges) - 1
        nyquist = self.sample_rate / 2
        boxes = np.column_stack([edges[:-1], edges[1:], np.zeros(count), np.full(count, nyquist)])
        return self._project(domain="segments", relevance=self._on_times(edges), segments=boxes)

    def _on_times(self, edges: Float[np.ndarray, " edges"]) -> Float[np.ndarray, " cells"]:
        if self.segments is not None:
            starts, ends = self.segments[:, 0], self.segments[:, 1]
            return self.relevance.astype(np.float64) @ overlap_shares(starts, ends, edges)
        assert self.time_edges is not None
        over_time = self.relevance if self.relevance.ndim == 1 else _column_sums(self.relevance)
        return regrid(over_time, self.time_edges, edges)

    def _on_grid(
        self, times: Float[np.ndarray, " times"], bands: Float[np.ndarray, " bands"]
    ) -> Float[np.ndarray, "frequency time"]:
        if self.segments is not None:
            in_time = overlap_shares(self.segments[:, 0], self.segments[:, 1], times)
            in_band = overlap_shares(self.segments[:, 2], self.segments[:, 3], bands)
            return (in_band * self.relevance[:, None].astype(np.float64)).T @ in_time
        assert self.time_edges is not None and self.frequency_edges is not None
        over_time = regrid(self.relevance, self.time_edges, times)
        return regrid(over_time.T, self.frequency_edges, bands).T

    def _need_frequency(self) -> None:
        if self.domain == "waveform":
            raise ExplanationError(
                "This relevance is on samples and has no frequency axis; carry it to "
                "time-frequency first with explainers.inspection.to_time_frequency."
            )

    def _project(self, **changed: Any) -> "Explanation":
        """A copy in other cells, without what belonged to the old cells."""
        bare: dict[str, Any] = {**dict.fromkeys(ARRAYS), "segment_names": ()}
        return replace(self, **{**bare, **changed})


def load_explanation(path: Path | str) -> Explanation:
    """Read what `Explanation.save` wrote, equal to what was saved.

    Raises:
        ExplanationError: There is no such file, it is damaged, or it is something else.
    """
    header, arrays = read_archive(Path(path))
    if header.get("format") != FORMAT:
        raise ExplanationError(f"{path} is not an explanation file: its header says otherwise.")
    if header.get("version") != FORMAT_VERSION:
        raise ExplanationError(
            f"{path} has version {header.get('version')} of the format; this program reads version "
            f"{FORMAT_VERSION}. Use the program that wrote it, or a newer one."
        )
    try:
        return _unpack(header, arrays, "")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ExplanationError(f"{path} lacks part of an explanation: {error}.") from error


def _pack(explanation: Explanation, prefix: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    plain = [f.name for f in fields(Explanation) if f.name not in (*ARRAYS, "children")]
    header = {name: getattr(explanation, name) for name in plain}
    header["ledger"] = dict(explanation.ledger)
    header["provenance"] = dict(explanation.provenance)
    header["segment_names"] = list(explanation.segment_names)
    arrays = {
        f"{prefix}{name}": getattr(explanation, name)
        for name in ARRAYS
        if getattr(explanation, name) is not None
    }
    header["children"] = []
    for number, child in enumerate(explanation.children):
        child_header, child_arrays = _pack(child, f"{prefix}{number}/")
        header["children"].append(child_header)
        arrays |= child_arrays
    return header, arrays


def _unpack(
    header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], prefix: str
) -> Explanation:
    children = tuple(
        _unpack(child, arrays, f"{prefix}{number}/")
        for number, child in enumerate(header["children"])
    )
    own = {name: arrays.get(prefix + name) for name in ARRAYS}
    for name, array in own.items():
        _check_array(name, array)
    plain = {f.name: header[f.name] for f in fields(Explanation) if f.name in header}
    plain["segment_names"] = tuple(header.get("segment_names", ()))
    return Explanation(**{**plain, **own, "children": children})


def _check_array(name: str, array: np.ndarray | None) -> None:
    """Refuse what a file may hold in place of numbers of the right shape, with a ValueError."""
    if array is None:
        if name == "relevance":
            raise ValueError("there is no relevance")
        return
    columns = array.shape[1:] == (4,) or name != "segments"
    if array.ndim not in ARRAYS[name] or array.dtype.kind not in "fiu" or not columns:
        raise ValueError(
            f"its {name.replace('_', ' ')} cannot be of shape {array.shape} and type {array.dtype}"
        )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other)


def _column_sums(grid: Float[np.ndarray, "frequency time"]) -> Float[np.ndarray, " time"]:
    return grid.sum(axis=0, dtype=np.float64)


def _check(explanation: Explanation) -> None:
    """Relevance is finite and its shape is that of its axes, or an ExplanationError."""
    domain, relevance = explanation.domain, explanation.relevance
    if domain not in DOMAINS:
        raise ExplanationError(
            f"There is no domain '{domain}'; relevance lies on one of {', '.join(DOMAINS)}."
        )
    if relevance.size == 0 or explanation.seconds <= 0 or explanation.sample_rate <= 0:
        raise ExplanationError("An explanation needs a clip with samples and some relevance.")
    if not (np.isfinite(relevance).all() and np.isfinite(explanation.score)):
        raise ExplanationError(
            f"The method '{explanation.method}' gave relevance or a score that is not finite; "
            "check the clip for silence and the model for overflow."
        )
    expected = _expected_shape(explanation)
    if relevance.shape != expected:
        raise ExplanationError(
            f"Relevance of shape {relevance.shape} does not fit its axes, which say {expected}."
        )
    names = explanation.segment_names
    if names and (domain != "segments" or len(names) != len(relevance)):
        raise ExplanationError(f"{len(names)} segment names were given for {relevance.size} parts.")
    error = explanation.standard_error
    if error is not None and error.shape != relevance.shape:
        raise ExplanationError("A standard error must have the shape of its relevance.")
    for factor in (explanation.coefficient, explanation.activation):
        if factor is not None and (domain != "waveform" or factor.shape != relevance.shape):
            raise ExplanationError("Activation and coefficient belong to relevance on samples.")


def _expected_shape(explanation: Explanation) -> tuple[int, ...]:
    segments = explanation.segments
    if explanation.domain == "segments":
        if segments is None or (segments[:, 0] >= segments[:, 1]).any():
            raise ExplanationError("Segments need rows of start, end, low, high with start < end.")
        if (segments[:, 2] >= segments[:, 3]).any():
            raise ExplanationError("Segments need rows of start, end, low, high with low < high.")
        _check_inside(explanation, segments[:, :2].min(), segments[:, :2].max())
        return (len(segments),)
    times, frequencies = explanation.time_edges, explanation.frequency_edges
    if times is None or segments is not None:
        raise ExplanationError(f"Relevance in the domain '{explanation.domain}' needs time edges.")
    check_edges(times, "time edges")
    _check_inside(explanation, times[0], times[-1])
    if explanation.domain == "waveform":
        return (len(times) - 1,)
    if frequencies is None:
        raise ExplanationError("Relevance on a grid needs frequency edges as well.")
    check_edges(frequencies, "frequency edges")
    if frequencies[0] < -TOLERANCE or frequencies[-1] > explanation.sample_rate / 2 + 1e-6:
        raise ExplanationError("Frequency edges must lie between 0 Hz and half the sample rate.")
    return (len(frequencies) - 1, len(times) - 1)


def _check_inside(explanation: Explanation, first: float, last: float) -> None:
    if first < -TOLERANCE or last > explanation.seconds + TOLERANCE:
        raise ExplanationError(
            f"Relevance from {first:g} to {last:g} s lies outside a clip of "
            f"{explanation.seconds:g} s."
        )

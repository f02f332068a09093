"""Score a recording of any length window by window, in bounded memory."""

from collections.abc import Iterable, Iterator
from itertools import islice
from math import isfinite
from typing import NamedTuple

import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.explainer import Progress
from xaudio.classifiers.classifier import Classifier
from xaudio.classifiers.labels import BONAFIDE, SPOOF
from xaudio.classifiers.scoring_form import scoring_form
from xaudio.errors import AudioError, ModelError, NotFiniteAnswer
from xaudio.long_recordings.opening import Source, open_recording
from xaudio.long_recordings.recording import Recording
from xaudio.long_recordings.speech_likeness import SILENCE, level_db, remark
from xaudio.long_recordings.streaming import Window, heard, resampling_chain, windows
from xaudio.long_recordings.window_scores import SCHEMA, WindowScores

WINDOW, HOP = 4.0, 2.0  # seconds
ON_DEVICE = 64  # windows at once; on a processor one at a time is as fast and keeps caches small


class Judgement(NamedTuple):
    """A detector's score, bona fide minus spoof, or the winner's lead over the next; its label."""

    score: float | None
    label: str | None


def scored(
    source: Source,
    classifier: Classifier,
    window: float = WINDOW,
    hop: float = HOP,
    batch_size: int | None = None,
    progress: Progress | None = None,
    *,
    threshold: float = 0.0,
) -> WindowScores:
    """What a classifier says about every window of a recording.

    The recording is decoded, mixed down, resampled and cut as it passes by; only the windows in
    work are in memory. Every window gets the score it would get as a clip of its own (within 1e-4).
    The last window ends where the recording ends; a recording shorter than one window is one
    window.

    Args:
        source: A file in any container soundfile or FFmpeg knows, a clip, or an opened recording.
        classifier: What judges.
        window: Length of a window in seconds.
        hop: From the start of one window to the next, in seconds.
        batch_size: Windows judged at once; 1 on a processor and 64 on a device where None.
        progress: Told the share done, 0 to 1, where the container says how long it is; it may
            raise to stop the work.
        threshold: The score at and above which a detector's window counts as bona fide.

    Raises:
        AudioError: The recording cannot be used, or window or hop are no times.
        ModelError: The model cannot take such windows.
    """
    if not isfinite(threshold):
        raise ModelError(f"A threshold of {threshold} was given; it must be a finite score.")
    recording = open_recording(source)
    rate = classifier.sample_rate
    length, step = in_samples(window, hop, rate)
    faster = scoring_form(classifier)
    at_once = batch_size or (1 if classifier.device.type == "cpu" else ON_DEVICE)
    rows, end = [], 0
    for batch in batches(windows(heard(recording, rate), length, step), at_once):
        judged = _judged(batch, faster, threshold)
        rows += [_row(one, said, rate) for one, said in zip(batch, judged, strict=True)]
        end = batch[-1].first + len(batch[-1].samples)
        if progress is not None:
            progress(share_done(recording, end / rate))
    return WindowScores(
        name=recording.name,
        digest=recording.digest,
        seconds=end / rate,
        decode_chain=resampling_chain(recording, rate),
        model=classifier.name,
        labels=classifier.labels,
        threshold=threshold if classifier.is_detector else None,
        window=length / rate,
        hop=step / rate,
        table=pa.Table.from_pylist(rows, SCHEMA),
    )


def in_samples(window: float, hop: float, sample_rate: int) -> tuple[int, int]:
    """Length of a window and of a hop.

    Raises:
        AudioError: A window has fewer than two samples, or a hop none.
    """
    if isfinite(window) and isfinite(hop):
        length, step = round(window * sample_rate), round(hop * sample_rate)
        if length >= 2 and step >= 1:
            return length, step
    raise AudioError(
        f"Windows of {window:g} s every {hop:g} s were asked for; give a length and a hop above 0, "
        "such as 4 s every 2 s."
    )


def batches(found: Iterable[Window], size: int) -> Iterator[list[Window]]:
    """The windows, `size` at a time; the last batch may be smaller."""
    left = iter(found)
    while batch := list(islice(left, size)):
        yield batch


def share_done(recording: Recording, seconds: float) -> float:
    """How much of a recording has passed, 0 to 1; 0 where nobody knows how long it is."""
    return min(1.0, seconds / recording.announced) if recording.announced else 0.0


def _judged(batch: list[Window], classifier: Classifier, threshold: float) -> list[Judgement]:
    """A judgement for each window; none for silence, and where the answer is not finite."""
    sounding = [number for number, window in enumerate(batch) if window.samples.any()]
    judged = [Judgement(None, None)] * len(batch)
    if not sounding:
        return judged
    waveforms = torch.stack([torch.from_numpy(batch[number].samples) for number in sounding])
    for number, logits in zip(sounding, _answers(waveforms, classifier), strict=True):
        if logits is not None:
            judged[number] = _judgement(logits, classifier, threshold)
    return judged


def _answers(
    waveforms: Float[Tensor, "batch time"], classifier: Classifier
) -> list[Float[Tensor, " classes"] | None]:
    """Logits of each window; None where they are not finite."""
    try:
        with torch.no_grad():
            return list(classifier.logits(waveforms).float().cpu())
    except NotFiniteAnswer:
        if len(waveforms) == 1:
            return [None]
        return [answer for one in waveforms.split(1) for answer in _answers(one, classifier)]


def _judgement(
    logits: Float[Tensor, " classes"], classifier: Classifier, threshold: float
) -> Judgement:
    if classifier.is_detector:
        by_label = dict(zip(classifier.labels, logits.tolist(), strict=True))
        score = by_label[BONAFIDE] - by_label[SPOOF]
        return Judgement(score, BONAFIDE if score >= threshold else SPOOF)
    ordered = logits.sort(descending=True)
    values = [*ordered.values.tolist(), 0.0]
    return Judgement(values[0] - values[1], classifier.labels[int(ordered.indices[0])])


def _row(window: Window, said: Judgement, rate: int) -> dict[str, float | str | None]:
    noticed = remark(window.samples, rate)
    return {
        "start": window.first / rate,
        "end": (window.first + len(window.samples)) / rate,
        "score": said.score,
        "label": said.label,
        "level_db": None if noticed == SILENCE else level_db(window.samples),
        "remark": noticed,
    }

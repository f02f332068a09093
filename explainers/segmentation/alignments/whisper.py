"""Transcripts with times, as Whisper and its relatives write them in JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from explainers.errors import ExplanationError
from explainers.segmentation.alignments.text import read_text
from explainers.segmentation.alignments.word import Word, refuse_part, register_format

EXPECTED = (
    'expected {"segments": [{"words": [{"word", "start", "end"}]}]}, or the words as '
    '"word_segments" or "words"; ask the recogniser for times of words'
)


@register_format("json")
def read_whisper(path: Path, part: str | None) -> list[Word]:
    """Words from the segments of a transcript, or from its list of words.

    A word without a time (WhisperX has none for numerals) gets one from its neighbours in the
    segment: the time between the nearest known ones is shared out evenly.
    """
    refuse_part(path, part)
    try:
        transcript = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ExplanationError(f"{path}, line {error.lineno}: {error.msg}.") from error
    segments = _entries(transcript, "segments", str(path))
    spoken = [
        word
        for count, segment in enumerate(segments, start=1)
        for word in _words(segment, "words", f"{path}, segment {count}")
    ]
    whole = {"start": 0.0, **transcript}
    for listed in ("word_segments", "words"):
        spoken = spoken or _words(whole, listed, str(path))
    if not spoken:
        raise ExplanationError(f"{path} holds no words with times; {EXPECTED}.")
    return spoken


def interpolated(
    times: Sequence[float | None], start: float | None, end: float | None
) -> list[float | None]:
    """Starts and ends of words, ``[s1, e1, s2, e2, ...]``, with what is missing filled in.

    A word's end and the next one's start are one step from their neighbours; between known times
    every step takes as long.

    Args:
        times: Where words start and end in seconds, None where it is not known.
        start: Before which no word starts, if that is known.
        end: After which no word ends, if that is known.

    Returns:
        The times; None where nothing before or nothing after is known.

    >>> interpolated([0.0, 0.5, None, None, None, None, 1.5, 2.0], None, None)
    [0.0, 0.5, 0.5, 1.0, 1.0, 1.5, 1.5, 2.0]
    """
    count = len(times) // 2
    steps = [step for word in range(count) for step in (word, word + 1)]
    marks = [(0, start), *zip(steps, times, strict=True), (count, end)]
    known = [(step, time) for step, time in marks if time is not None]
    return [
        time if time is not None else _between(known, step)
        for step, time in zip(steps, times, strict=True)
    ]


def _between(known: Sequence[tuple[int, float]], step: int) -> float | None:
    """The time at a step, on the line between the nearest known ones before and after it."""
    before = [mark for mark in known if mark[0] <= step]
    after = [mark for mark in known if mark[0] >= step]
    if not before or not after:
        return None
    (left, start), (right, end) = before[-1], after[0]
    return start if left == right else start + (end - start) * (step - left) / (right - left)


def _words(holder: dict[str, Any], key: str, place: str) -> list[Word]:
    """The words of a segment, or of the whole transcript, each with its times."""
    entries = _entries(holder, key, place)
    places = [f"{place}, word {count}" for count in range(1, len(entries) + 1)]
    times = interpolated(
        [
            _time(entry, side, own)
            for entry, own in zip(entries, places, strict=True)
            for side in ("start", "end")
        ],
        _time(holder, "start", place),
        _time(holder, "end", place),
    )
    return [
        _word(entry, start, end, own)
        for entry, start, end, own in zip(entries, times[::2], times[1::2], places, strict=True)
    ]


def _word(entry: dict[str, Any], start: float | None, end: float | None, place: str) -> Word:
    text = entry.get("word", entry.get("text"))
    if not isinstance(text, str):
        raise ExplanationError(f"{place}: there is no text; {EXPECTED}.")
    if start is None or end is None:
        raise ExplanationError(
            f"{place}: '{text.strip()}' has no time, and nothing around it has one to go by."
        )
    return Word(text.strip(), start, end, place)


def _entries(holder: Any, key: str, place: str) -> list[dict[str, Any]]:
    """A list of objects; an empty one where there is none."""
    entries = holder.get(key, []) if isinstance(holder, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ExplanationError(f"{place} has no list of objects as '{key}'; {EXPECTED}.")
    return entries


def _time(holder: dict[str, Any], key: str, place: str) -> float | None:
    time = holder.get(key)
    if time is None or (isinstance(time, int | float) and not isinstance(time, bool)):
        return None if time is None else float(time)
    raise ExplanationError(f"{place}: the {key} {time!r} is no number of seconds.")

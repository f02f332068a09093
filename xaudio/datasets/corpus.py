"""A corpus of human, synthetic and partly synthetic speech, built from human recordings.

The same settings over the same recordings give the same samples on any machine with the same
engines, in any order, after any interruption: what a finished file holds is never made again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from itertools import groupby
from pathlib import Path

from xaudio.audio import read_clip, write_audio
from xaudio.datasets.copy_synthesis import copy_attacks
from xaudio.datasets.corpus_items import Made, make_from_recording, make_spoken
from xaudio.datasets.corpus_plan import CorpusSettings, Item, plan_corpus
from xaudio.datasets.human_speech import Recording
from xaudio.datasets.hybrids import check_length
from xaudio.datasets.manifest import Manifest, ManifestRow, save_manifest
from xaudio.datasets.protocols import write_protocol, write_rttm
from xaudio.datasets.speech_synthesis import missing_engine, speech_attacks
from xaudio.errors import AudioError, CorpusError

Progress = Callable[[int, int], None]


def build_corpus(
    out: Path,
    recordings: list[Recording],
    settings: CorpusSettings,
    workers: int = 1,
    progress: Progress = lambda _done, _planned: None,
) -> Manifest:
    """Build, or finish building, a corpus in the folder `out`.

    Writes `audio/*.flac`, `manifest.parquet`, `protocol.txt` (columns of ASVspoof 2019 LA) and
    `segments.rttm` (who speaks when: bona fide or spoof, to the millisecond).

    Args:
        out: A new folder, or one that an earlier call with the same settings and recordings began.
        recordings: Human speech.
        settings: What to build.
        workers: Processes to work in.
        progress: Called with the clips done and planned.

    Raises:
        CorpusError: A copy or an engine is missing, a recording cannot be used, or `out` holds a
            corpus of other settings or recordings. Nothing has been written then.
    """
    for name in settings.copies:
        copy_attacks.get(name)
    for name in settings.engines:
        if settings.sentences and not speech_attacks.get(name)().available():
            raise CorpusError(missing_engine(name))
    items = plan_corpus(recordings, settings)
    _claim(out, settings, _plan_digest(items, settings))
    tasks = _tasks(items)
    finished = _stems(out / "rows", ".json") & _stems(out / "audio", ".flac")
    waiting = [task for task in tasks if not all(item.clip in finished for item in task)]
    done = sum(len(task) for task in tasks) - sum(len(task) for task in waiting)
    progress(done, len(items))
    for count in _worked_off(waiting, partial(_make_and_write, out, settings), workers):
        done += count
        progress(done, len(items))
    return _write_tables(out, items)


def _stems(folder: Path, suffix: str) -> set[str]:
    return {path.stem for path in folder.glob(f"*{suffix}")}


def _tasks(items: list[Item]) -> list[list[Item]]:
    """Items that share a recording together, each spoken one alone."""
    keyed = groupby(items, key=lambda item: item.recording.name if item.recording else item.clip)
    return [list(group) for _, group in keyed]


def _worked_off(
    tasks: list[list[Item]], work: Callable[[list[Item]], int], workers: int
) -> Iterator[int]:
    if workers == 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(workers) as pool:
        try:
            for finished in as_completed([pool.submit(work, task) for task in tasks]):
                yield finished.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _make_and_write(out: Path, settings: CorpusSettings, task: list[Item]) -> int:
    """Write the clips of a task, each followed by its row, which tells that it is whole."""
    try:
        made = make_from_recording(task, settings) if task[0].recording else _spoken(task, settings)
        for one in made:
            path = out / "audio" / f"{one.item.clip}.flac"
            write_audio(path, one.samples, settings.sample_rate)
            _write_text(out / "rows" / f"{one.item.clip}.json", json.dumps(_record(one, settings)))
    except (AudioError, CorpusError) as error:
        raise CorpusError(f"'{task[0].clip}' cannot be made: {error}") from None
    return len(task)


def _spoken(task: list[Item], settings: CorpusSettings) -> Iterator[Made]:
    return (make_spoken(item, settings) for item in task)


def _record(made: Made, settings: CorpusSettings) -> dict:
    item = made.item
    return {
        "clip": item.clip,
        "label": item.label,
        "speaker": item.speaker,
        "attack": _attack(made),
        "seconds": len(made.samples) / settings.sample_rate,
        "segments": made.stretches,
        "source": item.recording.name if item.recording else None,
    }


def _attack(made: Made) -> str | None:
    if made.item.label == "bonafide":
        return None
    return f"{made.item.attack}-hybrid" if made.stretches else made.item.attack


def _write_tables(out: Path, items: list[Item]) -> Manifest:
    rows = []
    for item in items:
        record = json.loads((out / "rows" / f"{item.clip}.json").read_text(encoding="utf-8"))
        segments = tuple((start, end) for start, end in record.pop("segments"))
        path = out / "audio" / f"{item.clip}.flac"
        rows.append(ManifestRow(path=path, segments=segments, **record))
    manifest = Manifest.of(rows)
    write_protocol(manifest, out / "protocol.txt")
    write_rttm(manifest, out / "segments.rttm")
    save_manifest(manifest, out / "manifest.parquet")
    return manifest


def _plan_digest(items: list[Item], settings: CorpusSettings) -> str:
    """SHA-256 of what is to be made and of the bytes it is made from, each recording checked."""
    plan = hashlib.sha256()
    for item in items:
        named = [item.clip, item.attack, item.speaker, item.language, item.voice]
        if item.recording is not None and item.label == "bonafide":
            named.append(_recording_digest(item.recording, settings))
        plan.update(json.dumps(named).encode())
    return plan.hexdigest()


def _recording_digest(recording: Recording, settings: CorpusSettings) -> str:
    """SHA-256 of a recording's file, if what the settings ask for can be made from it."""
    try:
        clip = read_clip(recording.path)
        if settings.hybrids:
            check_length(min(clip.seconds, settings.seconds))
    except (AudioError, CorpusError) as error:
        raise CorpusError(
            f"The recording '{recording.name}' cannot be used: {error} Mend it or take it away."
        ) from None
    return clip.digest


def _claim(out: Path, settings: CorpusSettings, plan_digest: str) -> None:
    """Refuse to mix two corpora in one folder; remember whose folder this is."""
    mark = out / "corpus.json"
    wanted = {**asdict(settings), "plan_sha256": plan_digest}
    if mark.exists():
        _check_same(mark, wanted)
        return
    if out.exists() and any(out.iterdir()):
        raise CorpusError(f"{out} is not empty and holds no corpus: choose another folder.")
    (out / "audio").mkdir(parents=True)
    (out / "rows").mkdir()
    _write_text(mark, json.dumps(wanted, indent=1))


def _check_same(mark: Path, wanted: dict) -> None:
    """Refuse a folder whose mark says something else than is wanted now."""
    try:
        known = json.loads(mark.read_text(encoding="utf-8"))
        known_plan = known.pop("plan_sha256", None)
    except (ValueError, AttributeError):
        raise CorpusError(f"{mark} is damaged: remove {mark.parent} and build again.") from None
    settings = json.loads(json.dumps(wanted))
    plan = settings.pop("plan_sha256")
    if known != settings:
        raise CorpusError(
            f"{mark.parent} holds a corpus built with other settings ({mark.name} says which): "
            "choose another folder, or remove this one."
        )
    if known_plan != plan:
        raise CorpusError(
            f"{mark.parent} holds a corpus built from other recordings (other sounds, names, "
            "speakers or languages): choose another folder, or remove this one."
        )


def _write_text(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)

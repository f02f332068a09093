"""The main job from nothing: corpus, explanations, robustness sweep, localisation, report."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from xaudio.audio import read_clip
from xaudio.datasets.corpus import build_corpus
from xaudio.datasets.corpus_plan import CorpusSettings
from xaudio.datasets.human_speech import Recording, speech_folder, telephone_prompts
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.datasets.speech_synthesis import speech_attacks
from xaudio.demonstration.localisation import classifier_once, localise_hybrids
from xaudio.demonstration.report import ShownClip, demonstration_page
from xaudio.demonstration.summary import Summary, summary_text
from xaudio.explaining import explain_clip, load_method
from xaudio.metrics.eer import eer_interval
from xaudio.metrics.intervals import Interval
from xaudio.models.lcnn import attacks_never_heard
from xaudio.reports.elements import Stretch
from xaudio.sweeps import condition_table, sweep

MODEL = "lcnn"
METHODS = ("lrp", "smoothgrad", "two-sided-occlusion")
SEVERITIES = (1, 3, 5)
CORRUPTIONS = (
    "white-noise", "background-noise", "low-pass", "high-pass",
    "echo", "mp3", "opus", "time-stretch",
)  # fmt: skip

Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


@dataclass(frozen=True)
class DemoSize:
    """How much the demonstration does."""

    utterances: int = 30
    sentences: int = 6
    hybrids: int = 2
    seconds: float = 4.0


def demonstrate(
    out: Path, speech: Path | None, size: DemoSize, bar: Bar, workers: int = 2
) -> Summary:
    """Build the corpus, explain, sweep and localise into `out`; write report.html and summary.

    Args:
        out: Folder; an interrupted demonstration goes on where it was.
        speech: Folder of human speech; None for telephone prompts fetched from Debian.
        size: How much.
        bar: Gives a progress bar for a step's name.
        workers: Processes.
    """
    started = time.perf_counter()
    with bar("corpus") as advance:
        manifest = build_corpus(
            out / "corpus", _speech(out, speech), _settings(size), workers, advance
        )
    hybrids = Manifest.of(row for row in manifest if row.segments)
    shown = one_of_each(manifest)
    # The sweep keeps this process busy; explaining needs another one.
    with ProcessPoolExecutor(max(1, workers - 1)) as pool:
        explaining = [pool.submit(_explain_into, out, row) for row in shown]
        classifier_once(MODEL)
        with bar("sweep") as advance:
            store = sweep(
                manifest,
                [MODEL],
                CORRUPTIONS,
                SEVERITIES,
                out / "sweep",
                progress=lambda told: advance(told.finished, told.cells),
            )
        with bar("localisation") as advance:
            areas, detected = localise_hybrids(hybrids, MODEL, pool, advance)
        pictured = [task.result() for task in explaining]
    conditions = condition_table(store.rows())
    summary = Summary(
        model=MODEL,
        clips=len(manifest),
        hybrids=len(hybrids),
        detected=detected,
        conditions=tuple(conditions.to_pylist()),
        attacks=_per_attack(store.rows()),
        never_heard=attacks_never_heard(),
        areas=areas,
        seconds=time.perf_counter() - started,
    )
    page = demonstration_page(summary, conditions, store.failures(), pictured)
    (out / "report.html").write_text(page, encoding="utf-8")
    (out / "summary.txt").write_text(summary_text(summary) + "\n", encoding="utf-8")
    return summary


def one_of_each(manifest: Manifest) -> list[ManifestRow]:
    """The first clip of every kind: human, each synthesis, and two hybrids."""
    first: dict[str, ManifestRow] = {}
    for row in manifest:
        if not row.segments:
            first.setdefault(row.attack or "human", row)
    hybrids = [row for row in manifest if row.segments]
    return [*first.values(), *hybrids[:2]]


def _speech(out: Path, folder: Path | None) -> list[Recording]:
    if folder is not None:
        return speech_folder(folder)
    out.mkdir(parents=True, exist_ok=True)
    return telephone_prompts(out / "speech")


def _settings(size: DemoSize) -> CorpusSettings:
    """With the engines that are there: what is missing is told by `xaudio doctor`."""
    usual = CorpusSettings()
    return CorpusSettings(
        utterances=size.utterances,
        engines=tuple(name for name in usual.engines if speech_attacks.get(name)().available()),
        sentences=size.sentences,
        hybrids=size.hybrids,
        seconds=size.seconds,
    )


def _explain_into(out: Path, row: ManifestRow) -> ShownClip:
    """Explain a clip by every method, write the files, and return what the page shows of them."""
    classifier = classifier_once(MODEL)
    stretches = [Stretch(start, end, "synthetic") for start, end in row.segments]
    explained = [
        explain_clip(read_clip(row.path), classifier, load_method(method, {})) for method in METHODS
    ]
    for one in explained:
        one.save(out / "explained" / f"{row.clip}-{one.explanation.method}", stretches)
    decision = explained[0].decision
    return ShownClip(
        title=f"{row.attack or 'human'}: {row.clip}",
        decision=f"{decision.label}, {decision.sentence}",
        sound=explained[0].sound,
        pictures={one.explanation.method: one.picture(stretches=stretches) for one in explained},
        relevant={one.explanation.method: one.relevant_sound for one in explained},
    )


def _per_attack(rows: pa.Table) -> dict[str, Interval]:
    """Equal error rate of each attack against all human clips, on clean audio."""
    clean = [row for row in rows.to_pylist() if row["severity"] == 0 and row["score"] is not None]
    human = [row for row in clean if row["label"] == "bonafide"]
    attacks = sorted({row["attack"] for row in clean if row["label"] == "spoof"})
    rates = {}
    for attack in attacks:
        spoof = [row for row in clean if row["attack"] == attack]
        rates[attack] = eer_interval(
            [row["score"] for row in human],
            [row["score"] for row in spoof],
            bonafide_clusters=[row["speaker"] for row in human],
            spoof_clusters=[row["speaker"] for row in spoof],
        )
    return rates

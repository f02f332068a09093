"""A sweep beside the loop one would write first: `python -m tests.benchmarks.sweep_naive`.

The naive loop reads, corrupts and scores one clip at a time, for each model and each level, with
the published form of the model, on torch's default number of threads and on one. Ours is as many
processes as there are cores, its start-up apart. Both in time per score, clean clips included; the
loop meets fewer clips, which makes no difference to it. What a corruption costs is told beside the
model in the form in which a sweep scores.

About 5 minutes on 2 cores that have nothing else to do.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import soundfile
import torch

from perturbations.corruption import Key
from tests.benchmarks.sweep_parts import Parts, parts_of
from tests.benchmarks.sweep_work import light_models, plan_of, timed_run
from xaudio.classifiers import load_classifier
from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps import Processes, SweptModel
from xaudio.sweeps.executor import Executor
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.processes import cores

COSTLY = ("telephone", "opus", "neural-codec")
PROBED = 2  # clips by which the sizes of both are chosen


@dataclass(frozen=True)
class Case:
    """What is swept: a suite or single corruptions, and how many light models listen."""

    name: str
    corruptions: str | tuple[str, ...]
    severities: tuple[int, ...] | None
    models: int


def cases(costly: Sequence[str]) -> list[Case]:
    """Costly corruptions, for one model and for three, and the whole suite for three."""
    singles = [Case(name, (name,), None, count) for name in costly for count in (1, 3)]
    return [*singles, Case("deepfake-16, severity 3", "deepfake-16", (3,), 3)]


def asked_of(case: Case, corruption_over_model: float, device: str) -> str:
    """How many times as fast as the naive loop a sweep was to be."""
    if device != "cpu":
        return "5"
    if corruption_over_model >= 2:
        return "3"
    return "1.7" if case.models == 3 else ""


def naive_loop(plan: Plan, classifiers: Sequence[Classifier], paths: Sequence[Path]) -> int:
    """One model after the other, one level after the other, one clip after the other."""
    scores = []
    for classifier in classifiers:
        for condition in plan.conditions:
            for path in paths:
                samples, rate = soundfile.read(path, dtype="float32")
                waveform = torch.from_numpy(samples)[None]
                if condition.corruption is not None:
                    waveform = condition.corruption.apply(
                        waveform, rate, condition.severity, [Key(path.stem)]
                    ).waveform
                with torch.no_grad():
                    scores.append(float(classifier.score(waveform)))
    return len(scores)


def naive_seconds(
    plan: Plan, models: Sequence[SweptModel], paths: Sequence[Path], threads: int
) -> float:
    """Per score; the models are loaded already, and have met one clip to warm up."""
    classifiers = [
        load_classifier(model.spec, weights=model.weights, device=model.device) for model in models
    ]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        naive_loop(plan, classifiers, paths[:1])
        started = time.perf_counter()
        scores = naive_loop(plan, classifiers, paths)
        return (time.perf_counter() - started) / scores
    finally:
        torch.set_num_threads(before)


def case_row(
    case: Case,
    folder: Path,
    executor: Executor,
    workers: int,
    seconds: float,
    device: str = "cpu",
) -> str:
    """One line of the table."""
    models = light_models(folder / "weights", case.models, device)
    clips = folder / "clips"
    probed = parts_of(
        plan_of(clips, PROBED, models, case.corruptions, case.severities),
        models,
        PROBED,
        folder / f"probe {case.name} {case.models}",
    )
    few, many = sizes(probed, case, workers, seconds)
    plan = plan_of(clips, many, models, case.corruptions, case.severities)
    paths = [clips / f"clip-{number:05d}.wav" for number in range(few)]
    default = torch.get_num_threads()
    naive = {
        threads: naive_seconds(plan, models, paths, threads) for threads in sorted({1, default})
    }
    ours = timed_run(executor, plan, models, folder / f"{case.name} {case.models}")
    assert not ours.failed, f"{ours.failed} clips failed"
    each, costs = 1 / ours.rate, probed.corruption_over_model
    return (
        f"| {case.name} | {costs:.1f} | {case.models} "
        f"| {1e3 * naive[default]:.2f} | {1e3 * naive[1]:.2f} | {1e3 * each:.2f} "
        f"| {naive[default] / each:.2f} | {naive[1] / each:.2f} "
        f"| {asked_of(case, costs, device)} |"
    )


def sizes(probed: Parts, case: Case, workers: int, seconds: float) -> tuple[int, int]:
    """Clips for the loop and for the sweep, so that each takes about so many seconds."""
    conditions = probed.corrupted // probed.clips
    corrupting = probed.processor["corrupting"] / probed.clips
    scoring = probed.processor["scoring"] / probed.clips
    naive = case.models * (corrupting + conditions * probed.processor["decoding"] / probed.clips)
    few = ceil(seconds / (naive + scoring))
    return max(2, few), max(8 * workers, ceil(seconds * workers / (corrupting + scoring)))


def print_table(
    folder: Path,
    costly: Sequence[str],
    workers: int,
    seconds: float,
    executor: Executor | None = None,
    device: str = "cpu",
) -> None:
    """Every case; the executor is `Processes` unless another is given."""
    default = torch.get_num_threads()
    print(
        f"| 4 s clips, {workers} workers | corruption / model | models "
        f"| naive, {default} threads, ms per score | naive, 1 thread | ours "
        f"| times as fast | as on 1 thread | asked |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for case in cases(costly):
        row = case_row(case, folder, executor or Processes(workers), workers, seconds, device)
        print(row, flush=True)
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder to work in; else a temporary one")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--seconds", type=float, default=10.0, help="per loop and per sweep, about")
    parser.add_argument("--costly", nargs="*", default=COSTLY, help="corruptions, one by one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.out) as folder:
        print_table(Path(folder), asked.costly, asked.workers, asked.seconds)


if __name__ == "__main__":
    main()

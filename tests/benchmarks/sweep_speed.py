"""How fast a sweep is on processors: `python -m tests.benchmarks.sweep_speed`.

Three light models, the whole deepfake-16 suite at all severities, 4 s clips as WAV files. So many
clips that two workers take more than five minutes, a share of the same work by one worker, the same
functions called one by one, and the naive loop (`sweep_naive`); all in one run.

The ideal is the processor seconds of the same work, spread over the cores without loss. It is
counted twice: for the sweep by one worker, all processes and all of their overhead included, and
for the bare functions. Start-up is apart: clocks start when the first task is finished.

About 17 minutes on 2 cores that have nothing else to do.
"""

import argparse
import platform
import tempfile
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import torch

from tests.benchmarks import sweep_naive
from tests.benchmarks.sweep_parts import PARTS, Parts, parts_of
from tests.benchmarks.sweep_work import Run, light_models, plan_of, timed_run
from xaudio.sweeps import Processes, SweptModel
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.processes import cores

SUITE, MODELS, PROBED = "deepfake-16", 3, 2


def clips_for(
    seconds: float, workers: int, folder: Path, models: Sequence[SweptModel], severities
) -> int:
    """How many clips keep so many workers busy for about so many seconds."""
    plan = plan_of(folder / "clips", PROBED, models, SUITE, severities)
    probed = parts_of(plan, models, PROBED, folder / "probe")
    return ceil(seconds * workers / (probed.seconds_per_row * probed.rows / probed.clips))


def one_share(plan: Plan, share: int) -> Plan:
    """Every so many-th bucket, all conditions and models."""
    return plan.part(1, min(share, len(plan.buckets)))


def run_row(name: str, run: Run, plan: Plan) -> str:
    buckets = len(plan.buckets)
    return (
        f"| {name} | {buckets} | {run.rows:,} | {run.start:.1f} | {run.seconds:.1f} "
        f"| {run.processor:.1f} | {run.rate:.1f} |"
    )


def print_speed(plan: Plan, single: Plan, alone: Run, together: Run, workers: int) -> None:
    """The two runs, what they say of each other, and what was asked."""
    print("| | buckets | scores | start, s | seconds then | of all cores | scores per second |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(run_row("one worker", alone, single))
    print(run_row(f"{workers} workers", together, plan))
    print()


def print_ideal(alone: Run, together: Run, parts: Parts, workers: int) -> None:
    each = together.seconds / together.rows
    one = alone.processor / alone.rows
    bare = parts.seconds_per_row
    print("| | measured | asked |")
    print("| --- | --- | --- |")
    print(f"| wall time, s | {together.seconds:.0f} | 300 |")
    ideal = "over the processor seconds of one worker's sweep"
    print(f"| wall time {ideal} / {workers} | {each / (one / workers):.3f} | 1.15 |")
    ideal = "over those of the bare functions"
    print(f"| wall time {ideal} / {workers} | {each / (bare / workers):.3f} | |")
    print(
        f"| {workers} workers over one | {together.rate / alone.rate:.2f} | {0.9 * workers:.2g} |"
    )
    print(f"| clips that failed | {together.failed + alone.failed} | 0 |\n")


def print_parts(parts: Parts) -> None:
    """What a score costs, and what of it."""
    whole = sum(parts.processor.values())
    print(
        f"| {parts.clips} clips, {parts.rows:,} scores | ms per score | share | ms by the clock |"
    )
    print("| --- | --- | --- | --- |")
    for part in PARTS:
        spent, clock = parts.processor[part], parts.clock[part]
        per_score = f"{1e3 * spent / parts.rows:.3f} | {spent / whole:.1%}"
        print(f"| {part} | {per_score} | {1e3 * clock / parts.rows:.3f} |")
    clock = sum(parts.clock.values())
    print(f"| all | {1e3 * whole / parts.rows:.3f} | | {1e3 * clock / parts.rows:.3f} |\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder to work in; else a temporary one")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--seconds", type=float, default=420.0, help="of the long run, about")
    parser.add_argument("--clips", type=int, help="of the long run, instead of its seconds")
    parser.add_argument("--share", type=int, default=4, help="one worker does one in so many")
    parser.add_argument("--severities", type=int, nargs="*", help="all if not given")
    parser.add_argument("--parts-clips", type=int, default=12, help="for the bare functions")
    parser.add_argument("--naive-seconds", type=float, default=10.0, help="per loop; 0 for none")
    parser.add_argument("--costly", nargs="*", default=sweep_naive.COSTLY)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.out) as place:
        folder = Path(place)
        models = light_models(folder / "weights", MODELS)
        clips = asked.clips or clips_for(
            asked.seconds, asked.workers, folder, models, asked.severities
        )
        plan = plan_of(folder / "clips", clips, models, SUITE, asked.severities)
        single = one_share(plan, asked.share)
        print(f"{platform.platform()}, torch {torch.__version__}, {cores()} cores")
        print(f"{clips} clips of 4 s, {len(models)} models, {len(plan.conditions)} conditions\n")
        alone = timed_run(Processes(1), single, models, folder / "alone")
        together = timed_run(Processes(asked.workers), plan, models, folder / "together")
        parts = parts_of(plan, models, asked.parts_clips, folder / "parts")
        print_speed(plan, single, alone, together, asked.workers)
        print_ideal(alone, together, parts, asked.workers)
        print_parts(parts)
        if asked.naive_seconds:
            sweep_naive.print_table(folder, asked.costly, asked.workers, asked.naive_seconds)


if __name__ == "__main__":
    main()

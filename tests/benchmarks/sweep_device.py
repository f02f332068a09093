"""How fast a sweep is with its models on a GPU: `python -m tests.benchmarks.sweep_device`.

Processes decode and corrupt while this one scores on the device. The ideal is the larger of the
two: the device's seconds for all scores, or the processor seconds of everything else over the
workers; both from the same functions called one by one in the same run. Three light models on the
whole deepfake-16 suite beside the naive loop on the same device; with `--aasist`, AASIST on the
device and on the processors.

About 12 minutes; 3 more with AASIST. `--device cpu` shows that it runs, and nothing else.
"""

import argparse
import platform
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import torch

from tests.benchmarks import sweep_naive
from tests.benchmarks.sweep_parts import Parts, parts_of
from tests.benchmarks.sweep_work import light_models, plan_of, timed_run
from xaudio.sweeps import Pipelined, Processes, SweptModel
from xaudio.sweeps.executor import Executor
from xaudio.sweeps.processes import cores

SUITE = "deepfake-16"


@dataclass
class Utilisation:
    """Of the GPU, in percent, looked at every second; nothing where nvidia-smi is missing."""

    seen: list[float] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Utilisation":
        if shutil.which("nvidia-smi"):
            threading.Thread(target=self._look, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def __str__(self) -> str:
        return f"{statistics.mean(self.seen):.0f} %" if self.seen else ""

    def _look(self) -> None:
        asked = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while not self._over.wait(1.0):
            said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
            self.seen.append(float(said.splitlines()[0]))


def ideal_seconds(parts: Parts, workers: int) -> tuple[float, float]:
    """Per clip: of the device, and of the processors that feed it."""
    feeding = parts.processor["decoding"] + parts.processor["corrupting"]
    return parts.clock["scoring"] / parts.clips, feeding / parts.clips / workers


def print_ideal(folder: Path, models: Sequence[SweptModel], given: argparse.Namespace) -> None:
    """A long run, and how far it is from what device or processors allow."""
    few = plan_of(folder / "clips", given.parts_clips, models, SUITE, given.severities)
    parts = parts_of(few, models, given.parts_clips, folder / "parts")
    device, feeding = ideal_seconds(parts, given.workers)
    clips = given.clips or ceil(given.seconds / max(device, feeding))
    plan = plan_of(folder / "clips", clips, models, SUITE, given.severities)
    with Utilisation() as busy:
        run = timed_run(Pipelined(given.workers), plan, models, folder / "long")
    print(
        f"| {clips:,} clips, {run.rows:,} scores, {len(models)} light models | measured | asked |"
    )
    print("| --- | --- | --- |")
    print(f"| wall time, s | {run.seconds:.0f} | 300 |")
    print(f"| scores per second | {run.rate:.1f} | |")
    print(f"| device, s, functions one by one | {device * clips:.0f} | |")
    print(f"| {given.workers} processes that corrupt, s, likewise | {feeding * clips:.0f} | |")
    ideal = run.seconds / clips / max(device, feeding)
    print(f"| wall time over the larger of the two | {ideal:.3f} | 1.15 |")
    print(f"| utilisation of the device | {busy} | |")
    print(f"| clips that failed | {run.failed} | 0 |\n", flush=True)


def print_aasist(folder: Path, weights: Path, given: argparse.Namespace) -> None:
    """Corrupted clips that AASIST hears per second, here and there."""
    print(
        "| AASIST, deepfake-16 at severity 3 | clips | corrupted clips per second | utilisation |"
    )
    print("| --- | --- | --- | --- |")
    places: dict[str, Executor] = {
        "cpu": Processes(given.workers),
        given.device: Pipelined(given.workers),
    }
    for device, executor in places.items():
        models = [SweptModel("aasist", str(weights), device=device)]
        few = plan_of(folder / "clips", 2, models, SUITE, [3])
        parts = parts_of(few, models, 2, folder / f"aasist parts {device}")
        scoring, feeding = ideal_seconds(parts, given.workers)
        each = scoring / given.workers + feeding if device == "cpu" else max(scoring, feeding)
        clips = max(2 * given.workers, ceil(given.aasist_seconds / each))
        plan = plan_of(folder / "clips", clips, models, SUITE, [3])
        with Utilisation() as busy:
            run = timed_run(executor, plan, models, folder / f"aasist {device}")
        print(f"| {device} | {clips} | {run.rate:.2f} | {busy} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder to work in; else a temporary one")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workers", type=int, default=cores(), help="processes that corrupt")
    parser.add_argument("--seconds", type=float, default=340.0, help="of the long run, about")
    parser.add_argument("--clips", type=int, help="of the long run, instead of its seconds")
    parser.add_argument("--severities", type=int, nargs="*", help="all if not given")
    parser.add_argument("--parts-clips", type=int, default=12, help="for the bare functions")
    parser.add_argument("--naive-seconds", type=float, default=10.0, help="per loop; 0 for none")
    parser.add_argument("--costly", nargs="*", default=sweep_naive.COSTLY)
    parser.add_argument("--aasist", type=Path, help="published weights; left out if not given")
    parser.add_argument("--aasist-seconds", type=float, default=60.0)
    given = parser.parse_args()
    print(f"{platform.platform()}, torch {torch.__version__}, {given.workers} workers")
    if torch.device(given.device).type == "cuda":
        print(torch.cuda.get_device_name(given.device))
    with tempfile.TemporaryDirectory(dir=given.out) as place:
        folder = Path(place)
        print_ideal(folder, light_models(folder / "weights", 3, given.device), given)
        if given.naive_seconds:
            sweep_naive.print_table(
                folder,
                given.costly,
                given.workers,
                given.naive_seconds,
                Pipelined(given.workers),
                given.device,
            )
        if given.aasist:
            print_aasist(folder, given.aasist, given)


if __name__ == "__main__":
    main()

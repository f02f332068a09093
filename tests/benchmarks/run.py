"""Measure what the docs promise: `make benchmarks` prints the tables of docs/performance.md.

Every figure is the median of several runs of a whole process, beside the import of torch in the
same run, because machines differ and drift.
"""

import argparse
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import corruption_speed
from tests.benchmarks.signals import voice
from xaudio.audio import write_audio

RUNS = 5


def seconds_to_finish(command):
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def seconds_to_first_line(command):
    """Until the process prints its first line, which for `explain` is the decision."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        first = time.perf_counter() - started
        process.stdout.read()
    if process.returncode != 0:
        raise SystemExit(f"{command} failed with exit code {process.returncode}")
    return first


def medians(measures):
    """Median seconds of each measure; the measures take turns, so that drift hits all alike."""
    found = {name: [] for name in measures}
    for run in range(RUNS + 1):
        for name, measure in measures.items():
            taken = measure()
            if run > 0:  # the first warms the disk cache
                found[name].append(taken)
    return {name: statistics.median(taken) for name, taken in found.items()}


def command_line(folder):
    clip = folder / "clip.wav"
    write_audio(clip, voice(4.0), 16000)
    xaudio = [sys.executable, "-m", "xaudio"]
    explain = [*xaudio, "explain", str(clip), "--out", str(folder / "out")]
    return {
        "python -c 'import torch'": lambda: seconds_to_finish(
            [sys.executable, "-c", "import torch"]
        ),
        "xaudio --help": lambda: seconds_to_finish([*xaudio, "--help"]),
        "xaudio explain, decision shown": lambda: seconds_to_first_line(explain),
        "xaudio explain, all files written": lambda: seconds_to_finish(explain),
    }


def demonstration(folder):
    """The whole demo on a warm installation; the speech it downloads is fetched beforehand."""
    from xaudio.datasets.human_speech import telephone_prompts

    telephone_prompts(folder / "demo" / "speech")
    taken = seconds_to_finish(
        [sys.executable, "-m", "xaudio", "demo", "--out", str(folder / "demo")]
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    return taken, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="also time the whole demonstration")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        times = medians(command_line(Path(folder)))
        reference = times["python -c 'import torch'"]
        print(f"| whole process, median of {RUNS} | seconds | x import of torch |")
        print("| --- | --- | --- |")
        for name, taken in times.items():
            print(f"| `{name}` | {taken:.2f} | {taken / reference:.2f} |")
        print()
        corruption_speed.print_tables()
        if arguments.demo:
            taken, peak = demonstration(Path(folder))
            print(f"\ndemo: {taken / 60:.1f} minutes, largest process {peak:.2f} GiB")


if __name__ == "__main__":
    main()

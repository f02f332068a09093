"""Seconds of audio every corruption makes per second of one core: part of `make benchmarks`."""

import statistics
import time

import torch

from perturbations.corruption import Key, corruptions, load_corruption
from tests.benchmarks.signals import voice

SECONDS, RATE, RUNS = 4.0, 16000, 7


def audio_seconds_per_second(name, severity):
    """Median over runs, one clip at a time, one thread, delays and filters measured beforehand."""
    waveform = torch.from_numpy(voice(SECONDS, RATE))[None]
    corruption = load_corruption(name)
    corruption.apply(waveform, RATE, severity, [Key("warm-up")])
    taken = []
    for run in range(RUNS):
        started = time.process_time()
        corruption.apply(waveform, RATE, severity, [Key("clip", run)])
        taken.append(time.process_time() - started)
    return SECONDS / statistics.median(taken)


def print_table():
    """One row per corruption, severities 1, 3 and 5."""
    torch.set_num_threads(1)
    print(f"| corruption, {SECONDS:g} s at {RATE} Hz | severity 1 | 3 | 5 |")
    print("| --- | --- | --- | --- |")
    for name in corruptions.names():
        rates = [audio_seconds_per_second(name, severity) for severity in (1, 3, 5)]
        print(f"| {name} | " + " | ".join(f"{rate:,.0f}" for rate in rates) + " |")

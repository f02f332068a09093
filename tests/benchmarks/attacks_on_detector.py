"""How little changes the bundled detector's decision.

`python -m tests.benchmarks.attacks_on_detector demo/corpus` takes the first clips of a corpus that
the detector calls spoof and makes them pass as bona fide. One thread; seconds are processor time.
"""

import argparse
import time
from pathlib import Path

import torch

from perturbations.attacks import MaskingBudget, PeakBudget, SnrBudget, Towards, load_attack
from perturbations.corruption import Key
from xaudio.audio import read_clip
from xaudio.classifiers import load_classifier

RATE = 16_000
SNRS = (50.0, 40.0, 30.0, 20.0)
WITHIN_A_BUDGET = (
    ("fgsm", {}),
    ("pgd", {}),
    ("momentum-pgd", {}),
    ("apgd", {}),
    ("universal", {}),
    ("universal", {"samples": RATE}),
    ("square", {"queries": 300}),
)
BELOW_THRESHOLD_DB = (0.0, -10.0, -20.0)
SMALLEST = ("ddn", "carlini-wagner")


class Bench:
    """The detector, the clips it calls spoof, and what attacking them gives."""

    def __init__(self, corpus, clips, samples):
        self.detector = load_classifier("lcnn")
        self.clips = called_spoof(self.detector, corpus, clips, samples)
        self.goal = Towards(torch.ones(len(self.clips), dtype=torch.long))
        self.keys = [Key(f"clip-{number}") for number in range(len(self.clips))]

    def run(self, name, budget, clips=None, **settings):
        """What was found, and seconds per clip."""
        chosen = slice(clips)
        attack, goal = load_attack(name, **settings), Towards(self.goal.labels[chosen])
        started = time.process_time()
        found = attack.run(
            self.detector.logits, self.clips[chosen], goal, budget, RATE, self.keys[chosen]
        )
        return found, (time.process_time() - started) / len(self.clips[chosen])


def called_spoof(detector, corpus, count, samples):
    """The first clips that are spoof, long enough, and called so, cut to one length."""
    found = []
    for line in (corpus / "protocol.txt").read_text().splitlines():
        row = line.split()
        if row[-1] != "spoof" or len(found) == count:
            continue
        waveform = read_clip(corpus / "audio" / f"{row[1]}.flac").waveform[:, :samples]
        if waveform.shape[1] == samples and float(detector.score(waveform).detach()) < 0:
            found.append(waveform)
    return torch.cat(found)


def evaluations(found):
    return float(found.evaluations.float().mean())


def within_budgets(bench):
    print("| attack | " + " | ".join(f"{snr:g} dB" for snr in SNRS) + " | evaluations | s/clip |")
    print("| --- " * (len(SNRS) + 3) + "|")
    for name, settings in WITHIN_A_BUDGET:
        runs = [bench.run(name, SnrBudget(snr), **settings) for snr in SNRS]
        shares = " | ".join(f"{found.success_rate:.2f}" for found, _ in runs)
        asked = sum(evaluations(found) for found, _ in runs) / len(runs)
        seconds = sum(taken for _, taken in runs) / len(runs)
        told = " ".join(f"{key}={value}" for key, value in settings.items())
        print(f"| {name} {told} | {shares} | {asked:.0f} | {seconds:.2f} |", flush=True)


def under_the_masking_threshold(bench):
    print("\n| attack | dB from the threshold | success | median SNR of those, dB |")
    print("| --- | --- | --- | --- |")
    for above in BELOW_THRESHOLD_DB:
        for name in ("fgsm", "pgd"):
            found, _ = bench.run(name, MaskingBudget(above))
            snr = found.snr_db[found.succeeded].median()
            print(f"| {name} | {above:g} | {found.success_rate:.2f} | {snr:.1f} |", flush=True)


def smallest(bench, clips):
    print("\n| attack | clips | success | SNR min, median, max, dB | evaluations | s/clip |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in SMALLEST:
        found, seconds = bench.run(name, PeakBudget(2.0), clips)
        snr = found.snr_db.sort().values
        spread = f"{snr[0]:.1f}, {snr.median():.1f}, {snr[-1]:.1f}"
        print(
            f"| {name} | {len(snr)} | {found.success_rate:.2f} | {spread} | "
            f"{evaluations(found):.0f} | {seconds:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--smallest-clips", type=int, default=6)
    parser.add_argument("--samples", type=int, default=48_000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    measured = Bench(arguments.corpus, arguments.clips, arguments.samples)
    within_budgets(measured)
    under_the_masking_threshold(measured)
    smallest(measured, arguments.smallest_clips)

"""What removal costs beside the bare model: `python -m tests.benchmarks.removal_speed`.

Clips per second of a whole call (segments, masks, fill, surrogate) over those of the bare model at
its best batch size on clips of the same kind, ready made, half of each filled with noise: pooling
and convolutions take as long as what they are given makes them. Captum on the same windows with the
same number of evaluations, at that batch size, both with zeros. The runs take turns in one process;
each figure is the median over the turns of the ratio within one turn. Memory is the peak of a fresh
process.
"""

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from explainers.contract import ModuleModel
from explainers.explainer import ExplainableModel, Scoring, load_explainer
from explainers.removal.parts import Filling
from explainers.targets import parse_target
from perturbations.corruption import Key
from tests.benchmarks.signals import voice
from xaudio.classifiers import load_classifier
from xaudio.frontends import Framing, linear_filter_bank, power_spectrogram

ROUNDS = 5
SIZES = (1, 2, 4, 8, 16, 32)
RATE, SECONDS = 16000, 4.0
POOL = 32
SLOW_METHODS = ("lime",)
METHODS = ("leave-one-out", "lime", "kernelshap", "shapley", "forest", "rise", "sobol")


class FineSpectrogram(nn.Module):
    """A small network behind a fine spectrogram: the front end is most of the work."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.frontend = LogBands()
        self.body = nn.Sequential(
            nn.Conv1d(64, 48, 5, padding=2), nn.ReLU(), nn.Conv1d(48, 48, 5, padding=2), nn.ReLU()
        )
        self.head = nn.Linear(48, 2)

    def forward(self, waveform: Tensor) -> Tensor:
        return self.head(self.body(self.frontend(waveform)).mean(dim=-1))


class LogBands(nn.Module):
    """Log energies in 64 bands of a transform of 2,048 points every 5 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.framing = Framing(transform=2048, window=2048, hop=80)
        self.register_buffer("bank", linear_filter_bank(64, 2048, RATE))

    def forward(self, waveform: Tensor) -> Tensor:
        return (self.bank @ power_spectrogram(waveform, self.framing)).clamp(min=1e-8).log()


def models(aasist: Path | None) -> dict[str, ExplainableModel]:
    found: dict[str, ExplainableModel] = {
        "lcnn": load_classifier("lcnn"),
        "fine spectrogram": ModuleModel(FineSpectrogram().eval(), RATE),
    }
    if aasist is not None:
        found["aasist"] = load_classifier("aasist", weights=aasist)
    return found


def target_of(model: ExplainableModel):
    return parse_target("spoof - bonafide", model.labels)


def clip_for(model: ExplainableModel) -> Tensor:
    length = 64600 if getattr(model, "name", "") == "aasist" else round(SECONDS * RATE)
    return torch.from_numpy(voice(length / RATE, RATE))[None, :length]


def half_filled(clip: Tensor, count: int) -> Tensor:
    """So many clips with half of their windows of 0.2 s filled with noise."""
    method = load_explainer("lime")
    parts = method.cut(clip[0], RATE)
    remove = parts.remover(clip[0], Filling("matched-noise", Key("speed", 0), 0.005))
    return remove(torch.rand(count, len(parts), generator=torch.manual_seed(0)) < 0.5)


def bare_seconds(model: ExplainableModel, clip: Tensor, count: int, size: int) -> float:
    """To score `count` clips like those of a call in batches of `size` and bring scores back."""
    scoring = Scoring(model, target_of(model))
    clips = half_filled(clip, max(size, POOL // size * size))
    batches = clips.split(size)
    started = time.perf_counter()
    with torch.no_grad():
        for number, first in enumerate(range(0, count, size)):
            scoring(batches[number % len(batches)][: min(size, count - first)]).cpu()
    return time.perf_counter() - started


def best_size(model: ExplainableModel, clip: Tensor, count: int) -> int:
    """The batch size at which the bare model is fastest, each tried twice."""
    tried = {
        size: min(
            bare_seconds(model, clip, max(size, count), size) / max(size, count) for _ in "12"
        )
        for size in SIZES
        if size <= max(8, count)
    }
    return min(tried, key=tried.__getitem__)


def call_seconds(
    model: ExplainableModel, clip: Tensor, method: str, **settings
) -> tuple[float, int]:
    """Of a whole call, and how often it scored."""
    explainer = load_explainer(method, **settings)
    started = time.perf_counter()
    (found,) = explainer.explain(model, clip, target_of(model))
    return time.perf_counter() - started, found.provenance["evaluations"]


def captum_seconds(
    model: ExplainableModel, clip: Tensor, method: str, count: int, size: int
) -> float:
    """Captum on 100 ms windows of zeros, `size` evaluations at once."""
    from captum.attr import FeatureAblation, KernelShap, Lime

    target = target_of(model)
    window = round(0.1 * RATE)
    mask = (torch.arange(clip.shape[1]) // window).clamp(max=-(-clip.shape[1] // window) - 1)[None]

    def forward(waveform: Tensor) -> Tensor:
        with torch.no_grad():
            return target(model(waveform))

    makers = {"leave-one-out": FeatureAblation, "lime": Lime, "kernelshap": KernelShap}
    sampled = {} if method == "leave-one-out" else {"n_samples": count}
    started = time.perf_counter()
    makers[method](forward).attribute(
        clip, feature_mask=mask, perturbations_per_eval=size, **sampled
    )
    return time.perf_counter() - started


def per_evaluation(seconds: float, evaluations: int) -> float:
    return seconds / evaluations


def in_turns(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each run in each round; the first round only warms up."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            taken = run()
            if turn > 0:
                found[name].append(taken)
    return found


def throughput(name: str, model: ExplainableModel, methods, count: int, rounds: int) -> list[dict]:
    """Every method's clips per second over the bare model's."""
    clip = clip_for(model)
    size = best_size(model, clip, min(count, 48) if count > 30 else 8)
    rows = []
    for method in methods:
        settings = {"segments": "windows:0.1"}
        if method != "leave-one-out":
            settings |= {"evaluations": count, "confidence": 0.0}
        evaluations = [count]

        def ours(method=method, settings=settings, evaluations=evaluations) -> float:
            taken, evaluations[0] = call_seconds(model, clip, method, **settings)
            return taken / evaluations[0]

        runs = {"ours": ours, "bare": lambda: bare_seconds(model, clip, count, size) / count}
        if method in ("leave-one-out", "lime", "kernelshap"):
            asked = 41 if method == "leave-one-out" else count  # captum takes 0.1 s windows
            plain = {**settings, "fill": "zeros", "joint": 0.0}
            runs["captum"] = lambda method=method, asked=asked: (
                captum_seconds(model, clip, method, asked, size) / asked
            )
            runs["ours, zeros"] = lambda method=method, plain=plain: per_evaluation(
                *call_seconds(model, clip, method, **plain)
            )
        taken = in_turns(runs, rounds)
        row = {
            "model": name,
            "method": method,
            "bare clips per second": round(1 / statistics.median(taken["bare"]), 1),
            "bare batch": size,
            "evaluations": evaluations[0],
            "ours / bare": ratio(taken["bare"], taken["ours"]),
        }
        if "captum" in taken:
            row["ours / captum, both zeros"] = ratio(taken["captum"], taken["ours, zeros"])
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def ratio(slow: list[float], fast: list[float]) -> float:
    """Median of the ratios turn by turn."""
    return round(statistics.median(a / b for a, b in zip(slow, fast, strict=True)), 3)


def behind(name: str, model: ExplainableModel, count: int, rounds: int) -> dict:
    """A call with masks behind the front end, over the bare model."""
    clip = clip_for(model)
    size = best_size(model, clip, min(count, 48) if count > 30 else 8)
    frontend = model.module.get_submodule("frontend")

    def alone() -> float:
        started = time.perf_counter()
        with torch.no_grad():
            for first in range(0, count, size):
                frontend(clip.repeat(min(size, count - first), 1))
        return time.perf_counter() - started

    def masked() -> float:
        taken, evaluations = call_seconds(
            model, clip, "lime", evaluations=count, confidence=0.0, behind="frontend"
        )
        return taken * count / evaluations

    runs = {"ours": masked, "frontend": alone}
    runs["bare"] = lambda: bare_seconds(model, clip, count, size)
    taken = in_turns(runs, rounds)
    share = ratio(taken["frontend"], taken["bare"])
    row = {
        "model": name,
        "front end's share": share,
        "time / bare": ratio(taken["ours"], taken["bare"]),
        "asked": round(1 - 0.8 * share, 3) if share >= 0.25 else None,
    }
    print(json.dumps(row), flush=True)
    return row


def memory(name: str, aasist: Path | None, count: int, size: int) -> dict:
    """Peak memory of a fresh process that makes a call, over one that runs the bare model."""
    peaks = {}
    for what in ("bare", "lime", "occlusion-time-frequency"):
        command = [sys.executable, "-m", __spec__.name, "--peak", what, "--model", name]
        command += ["--count", str(count), "--size", str(size)]
        command += ["--aasist", str(aasist)] if aasist else []
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks[what] = float(done.stdout.splitlines()[-1])
    row = {"model": name, "batch": size, "bare MiB": round(peaks["bare"])}
    row |= {what: round(peaks[what] / peaks["bare"], 3) for what in peaks if what != "bare"}
    print(json.dumps(row), flush=True)
    return row


def print_peak(what: str, model: ExplainableModel, count: int, size: int) -> None:
    """Make one call, or run the bare model, and say how much memory the process took."""
    clip = clip_for(model)
    if what == "bare":
        bare_seconds(model, clip, count, size)
    else:
        settings = {"evaluations": count} if what == "lime" else {}
        call_seconds(model, clip, what, batch_size=size, **settings)
    status = Path("/proc/self/status").read_text()
    print(float(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--aasist", type=Path, help="published weights; left out if not given")
    parser.add_argument(
        "--count", type=int, default=600, help="evaluations; a twentieth for AASIST"
    )
    parser.add_argument("--only", nargs="*", help="models; all if not given")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", nargs="*", default=METHODS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--peak")
    parser.add_argument("--model")
    parser.add_argument("--size", type=int, default=8)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    every = models(given.aasist)
    if given.peak:
        print_peak(given.peak, every[given.model], given.count, given.size)
        return
    print(platform.platform(), "torch", torch.__version__, given.threads, "threads", flush=True)
    counts = {name: given.count // 20 if name == "aasist" else given.count for name in every}
    found: dict[str, list[dict]] = {"throughput": [], "behind": [], "memory": []}
    for name, model in every.items():
        if given.only and name not in given.only:
            continue
        methods = given.methods if name != "aasist" else SLOW_METHODS
        found["throughput"] += throughput(name, model, methods, counts[name], given.rounds)
    found["behind"] = [
        behind("fine spectrogram", every["fine spectrogram"], given.count, given.rounds)
    ]
    found["behind"] += [behind("lcnn", every["lcnn"], given.count, given.rounds)]
    found["memory"] = [
        memory(name, given.aasist, min(counts[name], 120), 8 if name != "aasist" else 2)
        for name in every
    ]
    if given.out:
        given.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

"""What relevance costs beside a gradient: `python -m tests.benchmarks.relevance_speed`.

Time and peak memory of a forward pass with relevance over those of the same forward pass with the
gradient to the input, the parameters frozen: same network, same batch, one process, the two taking
turns. Each figure is the median over the turns of the ratio within one turn, because machines
differ and drift. Memory is what a pass takes beyond the weights and the input.
"""

import argparse
import gc
import json
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from explainers.lrp import LRP, load_composite
from explainers.lrp.ledger import Ledger, NoLedger
from tests.benchmarks.realistic_networks import NETWORKS, RealisticNetwork

ROUNDS = 5
WARM_UPS = 1
NATURAL = ("epsilon", "cp", "attnlrp")
SPLIT = ("epsilon_plus", "gamma", "epsilon_alpha2_beta1")
MEMORY = ("epsilon", "cp")
Pass = Callable[[], Any]


def gradient_pass(module: nn.Module, clips: Tensor) -> Pass:
    """Forward, and the gradient to the input."""

    def run() -> Tensor:
        inputs = clips.clone().requires_grad_()
        return torch.autograd.grad(module(inputs)[:, 0].sum(), inputs)[0]

    return run


def relevance_pass(
    module: nn.Module, clips: Tensor, composite: str, accounts: type[Ledger] = Ledger
) -> Pass:
    """Forward, and the relevance of the input."""
    rules = load_composite(composite)

    def run() -> Tensor:
        inputs = clips.clone().requires_grad_()
        with LRP(rules, module, ledger=accounts()) as relevance:
            scores = module(inputs)[:, 0]
        return relevance.relevance(scores, inputs)

    return run


def seconds(run: Pass, device: str) -> float:
    """Of one pass: processor time on a CPU, which others may share; by the clock on a GPU."""
    if device == "cpu":
        started = time.process_time()
        run()
        return time.process_time() - started
    torch.cuda.synchronize()
    started = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - started


def ratios_to_first(passes: dict[str, Pass], device: str, rounds: int) -> dict[str, float]:
    """Median ratio of each pass to the first, whose median seconds stand for itself."""
    first = next(iter(passes))
    for run in passes.values():
        for _ in range(WARM_UPS):
            run()
    found: dict[str, list[float]] = {name: [] for name in passes}
    for _ in range(rounds):
        taken = {name: seconds(run, device) for name, run in passes.items()}
        for name, spent in taken.items():
            found[name].append(spent if name == first else spent / taken[first])
    return {name: statistics.median(values) for name, values in found.items()}


def peak_bytes(run: Pass, device: str) -> int:
    """The most that one pass holds at any time beyond what was there before."""
    run()
    gc.collect()
    if device == "cpu":
        return _peak_of_allocations(run)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run()
    return torch.cuda.max_memory_allocated() - before


def _peak_of_allocations(run: Pass) -> int:
    """From torch's own record of every allocation, which is the same each time."""
    with torch.autograd.profiler.profile(profile_memory=True, use_kineto=True) as record:
        run()
    events = record.kineto_results.events()
    changes = [(one.start_ns(), one.nbytes()) for one in events if one.name() == "[memory]"]
    held = peak = 0
    for _, change in sorted(changes, key=lambda one: one[0]):
        held += change
        peak = max(peak, held)
    return peak


def measure(
    network: RealisticNetwork, batch: int, composites: tuple[str, ...], device: str, rounds: int
) -> dict[str, Any]:
    """One row of the table."""
    module = network.build().to(device)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    clips = network.example(batch).to(device)
    gradient = gradient_pass(module, clips)
    passes = {"gradient": gradient}
    passes |= {name: relevance_pass(module, clips, name) for name in composites}
    passes["no ledger"] = relevance_pass(module, clips, "epsilon", NoLedger)
    ratios = ratios_to_first(passes, device, rounds)
    held = peak_bytes(gradient, device)
    memory = {name: peak_bytes(passes[name], device) / held for name in (*MEMORY, *composites[3:4])}
    return {
        "network": network.name,
        "tags": sorted(network.tags),
        "batch": batch,
        "seconds": ratios["gradient"],
        "time": {name: ratios[name] for name in composites},
        "ledger": ratios["epsilon"] / ratios["no ledger"] - 1,
        "bytes": held,
        "memory": memory,
    }


def print_row(row: dict[str, Any]) -> str:
    """One network and batch size."""
    times = [f"{row['time'][name]:.2f}" if name in row["time"] else "" for name in NATURAL + SPLIT]
    memory = [
        f"{row['memory'][name]:.2f}" if name in row["memory"] else ""
        for name in (*MEMORY, SPLIT[0])
    ]
    cells = [
        row["network"],
        str(row["batch"]),
        f"{row['seconds']:.3f}",
        *times,
        f"{100 * row['ledger']:.0f} %",
        f"{row['bytes'] / 2**20:,.0f}",
        *memory,
    ]
    return f"| {' | '.join(cells)} |"


def heading() -> str:
    """Names of the columns."""
    names = [
        "network", "clips", "gradient, s", *NATURAL, *SPLIT, "accounts", "gradient, MiB",
        *(f"{name}, memory" for name in (*MEMORY, SPLIT[0])),
    ]  # fmt: skip
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


def summary(rows: list[dict[str, Any]]) -> str:
    """Medians and maxima, by what was asked of which networks."""
    lines = []
    plain = [row for row in rows if "recurrent" not in row["tags"]]
    recurrent = [row for row in rows if "recurrent" in row["tags"]]
    for composite in ("epsilon", "cp"):
        lines.append(_spread(f"{composite}, all", rows, "time", composite))
        lines.append(_spread(f"{composite}, without recurrence", plain, "time", composite))
        lines.append(_spread(f"{composite}, with recurrence", recurrent, "time", composite))
    for signed, text in ((False, "inputs not below zero"), (True, "signed inputs")):
        chosen = [row for row in rows if ("signed" in row["tags"]) is signed]
        lines += [_spread(f"{name}, {text}", chosen, "time", name) for name in SPLIT]
    for inplace, text in ((False, "memory"), (True, "memory, activations in place")):
        chosen = [row for row in rows if ("inplace" in row["tags"]) is inplace]
        lines += [_spread(f"{name}, {text}", chosen, "memory", name) for name in MEMORY]
    accounts = [100 * row["ledger"] for row in rows]
    middle, most = statistics.median(accounts), max(accounts)
    lines.append(f"- accounts: median {middle:.0f} %, most {most:.0f} %")
    return "\n".join(line for line in lines if line)


def _spread(text: str, rows: list[dict[str, Any]], kind: str, name: str) -> str:
    found = {row["network"]: row[kind][name] for row in rows if name in row[kind]}
    if not found:
        return ""
    middle, worst = statistics.median(found.values()), max(found, key=lambda one: found[one])
    return f"- {text}: median {middle:.2f}, most {found[worst]:.2f} ({worst})"


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="networks whose name contains this")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--batches", type=int, nargs="*", help="clips at a time")
    parser.add_argument("--quick", action="store_true", help="one clip, three rounds")
    parser.add_argument("--out", type=Path, help="write the table here, and beside it as JSON")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    warnings.filterwarnings("ignore")
    rounds, batches = (3, [1]) if given.quick else (given.rounds, given.batches)
    where = torch.cuda.get_device_name() if given.device != "cpu" else f"{given.threads} thread(s)"
    print(f"{platform.platform()}, torch {torch.__version__}, {where}\n\n{heading()}", flush=True)
    rows = []
    for network in NETWORKS:
        if given.only not in network.name:
            continue
        large = given.device == "cpu" and "large" in network.tags
        composites = NATURAL + (SPLIT[:1] if large else SPLIT)
        for batch in batches or ([1] if large else [1, 4]):
            rows.append(measure(network, batch, composites, given.device, rounds))
            print(print_row(rows[-1]), flush=True)
    print(f"\n{summary(rows)}")
    if given.out:
        table = "\n".join([heading(), *(print_row(row) for row in rows), "", summary(rows), ""])
        given.out.write_text(table)
        given.out.with_suffix(".json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""What large sweeps cost before and beside the work: `python -m tests.benchmarks.sweep_scale`.

Seconds to plan a million cells and to resume from 100,000 finished ones, and memory over 1,000 and
100,000 clips. Everything is measured in a process of its own. Finished cells are empty files here,
since only their names are looked at; audio files are empty where a plan is made, since the manifest
knows their digests. The swept clips are real, of 20 ms, in one archive, and the model is a
function, so that what memory there is belongs to the sweep.

About 5 minutes on 2 cores, nearly all of it the sweep over 100,000 clips.
"""

import argparse
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

PAD = 7  # digits of a clip's number
TINY_SECONDS, TINY_RATE = 0.02, 8000


def table_of(folder: Path, clips: int):
    """A manifest's columns, with digests, for files that are there but empty."""
    import pyarrow as pa

    audio = folder / "audio"
    audio.mkdir()
    names = [f"{number:0{PAD}d}.wav" for number in range(clips)]
    for name in names:
        (audio / name).touch()
    return pa.table(
        {
            "clip": names,
            "path": [str(audio / name) for name in names],
            "label": [("bonafide", "spoof")[number % 2] for number in range(clips)],
            "speaker": [f"speaker {number % 100}" for number in range(clips)],
            "digest": [hashlib.sha256(name.encode()).hexdigest() for name in names],
        }
    )


def identities(count: int) -> list:
    from xaudio.sweeps.identity import ModelIdentity

    labels = ("spoof", "bonafide")
    return [
        ModelIdentity(f"model {number}", f"{number}", "Net", labels, 16000, "AnyLength()", "")
        for number in range(count)
    ]


def planned(folder: Path, clips: int, bucket_size: int, models: int) -> dict[str, float]:
    """Seconds to plan deepfake-16 at all severities and to resume from 100,000 finished cells."""
    from xaudio.datasets.manifest import Manifest
    from xaudio.sweeps.agenda import agenda_of
    from xaudio.sweeps.plan import plan_sweep
    from xaudio.sweeps.progress import Tally
    from xaudio.sweeps.store import SweepStore
    from xaudio.sweeps.sweeping import corrupting
    from xaudio.sweeps.tasks import waiting_tasks

    table, judges, corruptions = table_of(folder, clips), identities(models), corrupting(SUITE)
    store = SweepStore(folder / "out")
    found: dict[str, float] = {}
    manifest = timed(found, "manifest", lambda: Manifest(table))
    plan = timed(
        found, "plan", lambda: plan_sweep(manifest, judges, corruptions, bucket_size=bucket_size)
    )
    timed(found, "write", lambda: store.begin(plan))
    store.cells.folder.mkdir(exist_ok=True)
    done = list(plan.ids())[: min(FINISHED, len(plan) // 2)]
    for cell in done:
        (store.cells.folder / f"{cell}.parquet").touch()

    finished = timed(found, "finished", store.finished)
    timed(found, "count", lambda: Tally.of(plan, finished, None))
    timed(found, "first", lambda: agenda_of(plan, finished).next_for(None))
    timed(found, "estimate", lambda: sum(1 for _ in waiting_tasks(plan, finished)))
    return found | {"cells": len(plan), "buckets": len(plan.buckets), "resumed": len(finished)}


def timed(found: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    """What the work makes; its seconds by the clock and by the processor are added to `found`."""
    clock, processor = time.perf_counter(), time.process_time()
    made = work()
    found[name] = time.perf_counter() - clock
    found[f"{name}, processor"] = time.process_time() - processor
    return made


def archived(folder: Path, clips: int, suffix: str) -> dict[str, float]:
    """Clips of 20 ms of noise in one archive, no two alike, and their manifest."""
    import pyarrow as pa

    from xaudio.datasets.manifest import Manifest, save_manifest

    path = folder / f"clips{clips}{suffix}"
    names = [f"{number:0{PAD}d}.wav" for number in range(clips)]
    pack = in_a_zip if suffix == ".zip" else in_a_tar
    pack(path, zip(names, noises(clips), strict=True))
    columns = {
        "clip": names,
        "path": [str(path)] * clips,
        "member": names,
        "label": [("bonafide", "spoof")[number % 2] for number in range(clips)],
    }
    save_manifest(Manifest(pa.table(columns)), folder / f"manifest{clips}.parquet")
    return {"bytes": path.stat().st_size}


def noises(clips: int) -> Iterator[bytes]:
    import numpy as np
    import soundfile

    generator = np.random.default_rng(0)
    for _ in range(clips):
        file = io.BytesIO()
        noise = 0.1 * generator.standard_normal(round(TINY_SECONDS * TINY_RATE))
        soundfile.write(file, noise, TINY_RATE, "PCM_16", format="WAV")
        yield file.getvalue()


def in_a_zip(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)


def in_a_tar(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))


def loudness(waveform):
    """A model without weights: louder is spoof."""
    import torch

    power = waveform.square().mean(dim=1) - 0.01
    return torch.stack([power, -power], dim=1)


def swept(folder: Path, clips: int, bucket_size: int) -> dict[str, float]:
    """A sweep over so many clips, clean and turned down, in this process, and its memory."""
    from perturbations.corruption import load_corruption
    from xaudio.classifiers.classifier import Classifier
    from xaudio.sweeps import Serial, SweptModel, sweep

    model = Classifier(loudness, "loudness", TINY_RATE, ("spoof", "bonafide"))
    found: dict[str, float] = {}
    store = timed(
        found,
        "sweep",
        lambda: sweep(
            folder / f"manifest{clips}.parquet",
            [SweptModel(model)],
            [load_corruption("gain")],
            [1],
            folder / f"out{clips}",
            bucket_size=bucket_size,
            executor=Serial(),
            progress=lambda progress: found.setdefault("planned", peak()) and None,
        ),
    )
    return found | {"peak": peak(), "cells": len(store.finished())}


def gathered(folder: Path, clips: int) -> dict[str, float]:
    """Packing the rows of such a sweep, and reading them."""
    from xaudio.sweeps import open_store

    store = open_store(folder / f"out{clips}")
    found: dict[str, float] = {}
    loose = timed(found, "rows of single files", store.rows)
    timed(found, "pack", store.cells.pack)
    rows = timed(found, "packed rows", store.rows)
    assert rows.equals(loose), "packing changed the rows"
    return found | {"rows": rows.num_rows, "failed": rows["error"].drop_null().length()}


def peak() -> float:
    """Largest resident memory of this process so far, MiB.

    Not `ru_maxrss`, in which a process inherits what the one that started it had.
    """
    status = Path("/proc/self/status").read_text()
    return float(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


MEASURES: dict[str, Callable[..., Any]] = {
    "planned": planned,
    "archived": archived,
    "swept": swept,
    "gathered": gathered,
}
SUITE, FINISHED = "deepfake-16", 100_000


def in_its_own_process(measure: str, folder: Path, *given: int | str) -> dict[str, float]:
    """What a measure finds when nothing else has happened in its process."""
    command = [sys.executable, "-m", __spec__.name, "--measure", measure, "--out", str(folder)]
    command += ["--given", json.dumps(given)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def planning_table(folder: Path, clips: int, bucket_size: int, models: int) -> None:
    found = in_its_own_process("planned", folder, clips, bucket_size, models)
    print(
        f"{found['cells']:,} cells: {clips:,} clips in {found['buckets']:,} buckets of up to "
        f"{bucket_size:,}, {models} models, {SUITE} at all severities. Asked: 5 s each.\n"
    )
    print("| | seconds | of the processor |")
    print("| --- | --- | --- |")
    steps = {
        "reading and checking the manifest's table": ["manifest"],
        "planning": ["plan"],
        "writing the plan down": ["write"],
        "**planning in all**": ["manifest", "plan", "write"],
        f"finding {found['resumed']:,} finished cells": ["finished"],
        "counting what is left": ["count"],
        "up to the first task": ["first"],
        "**resuming in all**": ["finished", "count", "first"],
        "going through all waiting tasks, for an estimate": ["estimate"],
    }
    for step, names in steps.items():
        clock, processor = (
            sum(found[f"{name}{which}"] for name in names) for which in ("", ", processor")
        )
        print(f"| {step} | {clock:.2f} | {processor:.2f} |", flush=True)
    print()


def memory_table(folder: Path, few: int, many: int, suffix: str, bucket_size: int) -> None:
    first = f"clips of 20 ms in one {suffix[1:]}"
    print(f"| {first} | rows | cells | seconds | MiB, first cell | MiB, all |")
    print("| --- | --- | --- | --- | --- | --- |")
    found = {}
    for clips in (few, many):
        in_its_own_process("archived", folder, clips, suffix)
        at = found[clips] = in_its_own_process("swept", folder, clips, bucket_size)
        counts = f"{clips:,} | {2 * clips:,} | {at['cells']:,}"
        print(
            f"| {counts} | {at['sweep']:.1f} | {at['planned']:.0f} | {at['peak']:.0f} |", flush=True
        )
    rise = [at["peak"] - at["planned"] for at in found.values()]
    plan = found[many]["planned"] - found[few]["planned"]
    print(
        f"\nPeak of the process. From the first cell to the last it rises by {rise[0]:.1f} and "
        f"{rise[1]:.1f} MiB. Manifest, index of the archive and plan take {plan:+.0f} MiB more: "
        f"{1024 * plan / (many - few):.2f} KiB per clip.\n"
    )
    read = in_its_own_process("gathered", folder, many)
    cells = f"{found[many]['cells']:,} cells"
    print(f"| {read['rows']:,} rows of {cells}, {read['failed']} failed | seconds |")
    print("| --- | --- |")
    for step in ("rows of single files", "pack", "packed rows"):
        print(f"| {step} | {read[step]:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder to work in; else a temporary one")
    parser.add_argument("--clips", type=int, default=100_000, help="in the plan")
    parser.add_argument("--bucket-size", type=int, default=128, help="in the plan")
    parser.add_argument("--models", type=int, default=13, help="in the plan")
    parser.add_argument("--few", type=int, default=1_000, help="clips of the smaller sweep")
    parser.add_argument("--many", type=int, default=100_000, help="clips of the larger sweep")
    parser.add_argument("--swept-bucket-size", type=int, default=32, help="of both sweeps")
    parser.add_argument("--archive", choices=["tar", "zip"], default="tar")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    parser.add_argument("--given", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(MEASURES[asked.measure](asked.out, *json.loads(asked.given))))
        return
    with tempfile.TemporaryDirectory(dir=asked.out) as place:
        folder = Path(place)
        planning_table(folder, asked.clips, asked.bucket_size, asked.models)
        suffix = f".{asked.archive}"
        memory_table(folder, asked.few, asked.many, suffix, asked.swept_bucket_size)


if __name__ == "__main__":
    main()

"""Does relevance fall on the synthetic stretch? Every method on one model and many hybrids.

    xaudio corpus build CORPUS --speech FOLDER --hybrids 6 --seconds 4.0375 ...
    python -m tests.benchmarks.relevance_on_hybrids CORPUS --model lcnn --cam-layer context \\
        --cache frames --out table.md --json rows.json

CORPUS is a manifest or its folder, of speakers that the model was not trained on. Every clip is
looked at once and kept in the cache; the run goes on where it broke off, and asks for the tables
alone when all is there. Give another cache for other weights, taps or rules.
"""

import argparse
import dataclasses
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from explainers.quality.statistics import Estimate
from tests.benchmarks.hybrid_looks import Plan, look_at
from tests.benchmarks.hybrid_tables import Study, study_rows, study_text
from xaudio.datasets.manifest import ManifestRow, load_manifest


def balanced(hybrids: Sequence[ManifestRow]) -> list[ManifestRow]:
    """Round after round of one clip per speaker, attacks taking turns: any start is a fair part."""
    speakers: dict[str | None, list[ManifestRow]] = {}
    for row in hybrids:
        speakers.setdefault(row.speaker, []).append(row)
    turns = []
    for number, own in enumerate(speakers.values()):
        attacks = sorted({row.attack or "" for row in own})
        first = number % len(attacks)
        kinds = [
            [row for row in own if (row.attack or "") == attack]
            for attack in attacks[first:] + attacks[:first]
        ]
        turns.append(_in_turns(kinds))
    return _in_turns(turns)


def _in_turns(lists: Sequence[Sequence[ManifestRow]]) -> list[ManifestRow]:
    return [row for turn in zip_longest(*lists) for row in turn if row is not None]


def looked_at(
    plan: Plan, hybrids: Sequence[ManifestRow], removal_clips: int, workers: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """What was found in each clip, as it comes, with its number."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        jobs = {
            pool.submit(look_at, plan, number < removal_clips, row): number
            for number, row in enumerate(hybrids)
        }
        for job in as_completed(jobs):
            yield jobs[job], job.result()


def as_json(value: Any) -> Any:
    """Estimates by their fields; keys as text."""
    if isinstance(value, Estimate):
        return dataclasses.asdict(value)
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return float(value) if isinstance(value, np.floating) else value


def main() -> None:
    arguments = parse_arguments()
    path = arguments.corpus
    manifest = load_manifest(path / "manifest.parquet" if path.is_dir() else path)
    hybrids = balanced([row for row in manifest if row.segments])[: arguments.clips]
    plan = Plan(
        model=arguments.model,
        weights=arguments.weights,
        cache=arguments.cache,
        looks=arguments.looks,
        cam_layer=arguments.cam_layer,
        taps=tuple(arguments.tap),
        fill=arguments.fill,
    )
    found: dict[int, dict[str, Any]] = {}
    started = time.monotonic()
    for number, one in looked_at(plan, hybrids, arguments.faithfulness_clips, arguments.workers):
        found[number] = one
        spent = (time.monotonic() - started) / 60
        print(f"{len(found)} of {len(hybrids)} clips, {spent:.1f} minutes", file=sys.stderr)
    order = sorted(found)
    every = Study([hybrids[number] for number in order], [found[number] for number in order])
    studies = {"All hybrids": every, "Those the model detects": every.detected()}
    rows = {name: study_rows(study) for name, study in studies.items()}
    text = f"# Relevance on hybrids: {arguments.model}\n\n" + "\n".join(
        study_text(study, rows[name], name) for name, study in studies.items()
    )
    print(text)
    if arguments.out:
        arguments.out.write_text(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(rows), indent=1))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", default="lcnn")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--clips", type=int, help="only so many, balanced over the speakers")
    parser.add_argument("--looks", default="*", help="titles, with * and parted by semicolons")
    parser.add_argument("--cam-layer", default="", help="Grad-CAM's; else the last convolution")
    parser.add_argument("--tap", action="append", default=[], help="one more layer to read off")
    parser.add_argument("--faithfulness-clips", type=int, default=0)
    parser.add_argument("--fill", default="zeros", help="what replaces what is taken away")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, required=True, help="folder, one file per clip")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()

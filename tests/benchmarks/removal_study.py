"""Is removal good? Estimators, segments, fills and evaluations, held against the known stretches.

    python -m tests.benchmarks.removal_study hybrids CORPUS/test.parquet --clips 60 \\
        --cache scored --out table.md
    python -m tests.benchmarks.removal_study digits SEQUENCES --weights seven.safetensors \\
        --clips 100 --cache scored-digits --out digits.md

CORPUS is of speakers that the model was not trained on, see `relevance_on_hybrids`; SEQUENCES are
those of `digit_spotting`. Every clip is looked at once and kept in the cache; the run goes on where
it broke off. The looks are those of ``removal_looks.txt``, or of another file: one to a line, and
``# heading`` above each table; see `removal_looks`.
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from explainers.targets import parse_target
from tests.benchmarks.digit_network import LABELS, TARGET
from tests.benchmarks.digit_sequences import load_sequences, read_waveform
from tests.benchmarks.digit_spotting import load_spotter
from tests.benchmarks.relevance_on_hybrids import balanced
from tests.benchmarks.removal_looks import Bench, Look, Subject, look_at
from tests.benchmarks.removal_tables import Section, Study, study_text
from xaudio.audio import read_clip
from xaudio.classifiers import load_classifier
from xaudio.datasets.manifest import load_manifest

LOOKS = Path(__file__).with_name("removal_looks.txt")


@dataclass(frozen=True)
class Question:
    """What is looked for, in which clips.

    Attributes:
        task: ``hybrids`` or ``digits``.
        data: Where the clips are.
        model: Of the hybrids.
        weights: Of the model, if not its own.
    """

    task: str
    data: Path
    model: str = "lcnn"
    weights: Path | None = None

    @cached_property
    def bench(self) -> Bench:
        """The model, and what is read from it."""
        if self.task == "digits":
            assert self.weights is not None
            return Bench(load_spotter(self.weights), parse_target(TARGET, LABELS))
        classifier = load_classifier(self.model, self.weights)
        return Bench(classifier, parse_target(classifier.default_target, classifier.labels))

    def subjects(self, clips: int | None) -> list[Subject]:
        """The first clips with something to find, in a fair order."""
        if self.task == "digits":
            having = [one for one in load_sequences(self.data) if one.segments][:clips]
            return [
                Subject(one.clip, read_waveform(self.data, one), one.segments, one.cluster)
                for one in having
            ]
        rows = balanced([row for row in load_manifest(self.data) if row.segments])[:clips]
        rate = self.bench.classifier.sample_rate
        return [
            Subject(
                row.clip,
                read_clip(row.path).resampled(rate).waveform,
                row.segments,
                row.speaker or row.clip,
            )
            for row in rows
        ]


def looked_at(
    question: Question,
    subjects: Sequence[Subject],
    looks: Sequence[Look],
    cache: Path,
    workers: int,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """What was found in each clip, as it comes, with its number."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        jobs = {
            pool.submit(_look, question, subject, looks, cache): number
            for number, subject in enumerate(subjects)
        }
        for job in as_completed(jobs):
            yield jobs[job], job.result()


def _look(
    question: Question, subject: Subject, looks: Sequence[Look], cache: Path
) -> dict[str, Any]:
    return look_at(_bench_once(question), subject, looks, cache)


@lru_cache(maxsize=1)
def _bench_once(question: Question) -> Bench:
    """The model, loaded once in each process; one thread, as every core has a process."""
    torch.set_num_threads(1)
    return question.bench


def read_sections(text: str) -> list[Section]:
    """Headings, and the looks under each.

    >>> read_sections("# Fills\\nleave-one-out fill=zeros\\n")
    [Section(name='Fills', looks=(Look(title='leave-one-out fill=zeros'),))]
    """
    sections: list[Section] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("# "):
            sections.append(Section(line[2:], ()))
        elif not line.startswith("#"):
            name, looks = sections.pop() if sections else ("Looks", ())
            sections.append(Section(name, (*looks, Look(line))))
    return sections


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    question = Question(arguments.task, arguments.data, arguments.model, arguments.weights)
    sections = read_sections(arguments.looks.read_text(encoding="utf-8"))
    looks = [look for section in sections for look in section.looks]
    if arguments.reference not in [look.title for look in looks]:
        looks.append(Look(arguments.reference))
    subjects = question.subjects(arguments.clips)
    found: dict[int, dict[str, Any]] = {}
    started = time.monotonic()
    for number, one in looked_at(question, subjects, looks, arguments.cache, arguments.workers):
        found[number] = one
        spent = (time.monotonic() - started) / 60
        print(f"{len(found)} of {len(subjects)} clips, {spent:.1f} minutes", file=sys.stderr)
    order = sorted(found)
    study = Study([subjects[number] for number in order], [found[number] for number in order])
    text = study_text(study, sections, Look(arguments.reference))
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=("hybrids", "digits"))
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="lcnn", help="of the hybrids")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--clips", type=int, help="only so many")
    parser.add_argument("--looks", type=Path, default=LOOKS, help="a file of looks")
    parser.add_argument(
        "--reference",
        default="lime segments=windows:0.1 fill=matched-noise evaluations=3000",
        help="the look that all are compared with",
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, required=True, help="folder, two files per clip")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()

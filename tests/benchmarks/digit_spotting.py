"""Is a "seven" said, and where? Sequences of spoken digits whose every word is known to the sample.

    python -m tests.benchmarks.digit_spotting build DIGITS --out test
    python -m tests.benchmarks.digit_spotting train DIGITS --out seven.safetensors
    python -m tests.benchmarks.digit_spotting evaluate test --weights seven.safetensors
    python -m tests.benchmarks.digit_spotting occlude test --weights seven.safetensors --clips 100

DIGITS is the folder of `tests.benchmarks.digit_sequences`, which says how sequences are drawn. The
figures are frame ROC-AUC over the clips with a seven, in frames of 20 ms as they are and averaged
over longer stretches: the mean and its 95 % interval, clips clustered by recording of the seven.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.explainer import load_explainer
from explainers.quality.frames import STEP, evidence_values, frame_truth, frame_values
from explainers.quality.localisation import measure_localisation
from explainers.targets import parse_target
from tests.benchmarks.digit_network import (
    LABELS,
    SAMPLE_RATE,
    TARGET,
    Batches,
    SpotterRecipe,
    save_spotter,
    train_spotter,
)
from tests.benchmarks.digit_sequences import (
    SECONDS,
    DigitSequence,
    Voices,
    build,
    draw_sequence,
    load_sequences,
    read_voices,
    read_waveform,
    sevens_in,
)
from xaudio.classifiers import Classifier, load_classifier
from xaudio.metrics.eer import eer_interval

AVERAGES = (0.0, 0.1, 0.25, 0.5)

Values = Float[np.ndarray, " frames"]


def load_spotter(weights: Path) -> Classifier:
    return load_classifier("tests.benchmarks.digit_network:digit_spotter", weights=weights)


def training_batches(voices: Voices, recipe: SpotterRecipe, epoch: int) -> Batches:
    """An epoch's sequences, drawn afresh, and 0 or 1 for every 10 ms."""
    for first in range(0, recipe.sequences, recipe.batch):
        numbers = range(first, min(first + recipe.batch, recipe.sequences))
        examples = [training_example(voices, recipe.seed, epoch, number) for number in numbers]
        waveforms, truths = zip(*examples, strict=True)
        yield torch.stack(waveforms), torch.stack(truths)


def training_example(
    voices: Voices, seed: int, epoch: int, number: int
) -> tuple[Float[Tensor, " time"], Float[Tensor, " frames"]]:
    random = np.random.default_rng((seed, epoch, number))
    sequence, samples = draw_sequence(voices, sevens_in(number), "", random)
    truth = frame_truth(sequence.segments, 0.01, round(SECONDS * 100))
    return torch.from_numpy(samples), torch.from_numpy(truth).float()


def train(folder: Path, out: Path, recipe: SpotterRecipe) -> None:
    voices = read_voices(folder, test=False)
    batches = partial(training_batches, voices, recipe)
    model = train_spotter(
        batches, recipe, lambda epoch, loss: print(f"epoch {epoch}, loss {loss:.4f}", flush=True)
    )
    save_spotter(model, out)
    card = {"recipe": asdict(recipe), "sample_rate": SAMPLE_RATE, "labels": LABELS}
    out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


@torch.inference_mode()
def evaluate(folder: Path, weights: Path) -> Iterator[tuple[str, object]]:
    """Accuracy at zero and EER on all clips; how well its own frames find the sevens."""
    classifier, target = load_spotter(weights), parse_target(TARGET, LABELS)
    sequences = load_sequences(folder)
    scores = [target(classifier(read_waveform(folder, sequence))).item() for sequence in sequences]
    heard = list(zip(sequences, scores, strict=True))
    having = [one for one in heard if one[0].segments]
    without = [one for one in heard if not one[0].segments]
    missed = sum(score < 0 for _, score in having)
    false_alarms = sum(score >= 0 for _, score in without)
    yield "clips", len(heard)
    yield "accuracy, %", round(100 * (1 - (missed + false_alarms) / len(heard)), 2)
    yield "missed", missed
    yield "false alarms", false_alarms
    rate = eer_interval(
        [-score for _, score in without],
        [-score for _, score in having],
        bonafide_clusters=[sequence.cluster for sequence, _ in without],
        spoof_clusters=[sequence.cluster for sequence, _ in having],
    )
    yield "EER, %", [round(100 * one, 2) for one in (rate.value, rate.low, rate.high)]
    positives = [sequence for sequence, _ in having]
    values = [own_evidence(classifier, folder, one) for one in positives]
    yield "evidence behind the word's middle, ms", round(1000 * median_lag(values, positives), 1)
    for name, figures in localisation(values, positives):
        yield f"own evidence, {name}", figures


def own_evidence(classifier: Classifier, folder: Path, sequence: DigitSequence) -> Values:
    """What the network itself says for every 20 ms: the ceiling."""
    waveform, target = read_waveform(folder, sequence), parse_target(TARGET, LABELS)
    evidence = classifier.frame_evidence(waveform)
    return evidence_values(evidence, target, waveform.shape[1] / SAMPLE_RATE)[0]


def median_lag(values: Sequence[Values], sequences: Sequence[DigitSequence]) -> float:
    """Seconds from the middle of a lone seven to that of the evidence, taken as probability."""
    lags = []
    for frames, sequence in zip(values, sequences, strict=True):
        if len(sequence.segments) == 1:
            weights = 1 / (1 + np.exp(-frames))
            middle = STEP * np.average(np.arange(len(frames)) + 0.5, weights=weights)
            lags.append(middle - np.mean(sequence.segments[0]))
    return float(np.median(lags))


def localisation(
    values: Sequence[Values], sequences: Sequence[DigitSequence]
) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """Apart for clips with one and with two sevens: seconds averaged over to mean and interval."""
    for name, count in (("one seven", 1), ("two sevens", 2)):
        which = [index for index, one in enumerate(sequences) if len(one.segments) == count]
        if not which:
            continue
        table = measure_localisation(
            [values[index] for index in which],
            [sequences[index].segments for index in which],
            averages=AVERAGES,
        )
        clusters = [sequences[index].cluster for index in which]
        means = {average: table.estimate("roc-auc", average, clusters) for average in AVERAGES}
        yield (
            f"{name} ({len(which)} clips)",
            {
                f"{average:g} s": [round(one, 3) for one in (mean.mean, mean.low, mean.high)]
                for average, mean in means.items()
            },
        )


def occlude(folder: Path, weights: Path, clips: int) -> Iterator[tuple[str, object]]:
    """The ceiling, and what occlusion with either fill makes of the first clips with a seven."""
    classifier, target = load_spotter(weights), parse_target(TARGET, LABELS)
    positives = [one for one in load_sequences(folder) if one.segments][:clips]
    ceiling = [own_evidence(classifier, folder, one) for one in positives]
    for name, figures in localisation(ceiling, positives):
        yield f"own evidence, {name}", figures
    for fill in ("zeros", "matched-noise"):
        explainer = load_explainer("occlusion", fill=fill)
        found = [
            explainer.explain(classifier, read_waveform(folder, one), target)[0]
            for one in positives
        ]
        left = [one.ledger["everything replaced"] for one in found]
        yield f"{fill}, mean score", round(float(np.mean([one.score for one in found])), 2)
        yield f"{fill}, mean score with all replaced", round(float(np.mean(left)), 2)
        for name, figures in localisation([frame_values(one) for one in found], positives):
            yield f"occlusion, {fill}, {name}", figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="write sequences of the test takes")
    building.add_argument("digits", type=Path)
    building.add_argument("--out", type=Path, required=True, help="folder")
    building.add_argument("--sequences", type=int, default=400)
    building.add_argument("--seed", type=int, default=0)
    training = commands.add_parser("train", help="train the network on the other takes")
    training.add_argument("digits", type=Path)
    training.add_argument("--out", type=Path, required=True, help="weights, .safetensors")
    training.add_argument("--epochs", type=int, default=SpotterRecipe.epochs)
    training.add_argument("--seed", type=int, default=SpotterRecipe.seed)
    for name, summary in (
        ("evaluate", "the network on the sequences built"),
        ("occlude", "occlusion against the network's own evidence"),
    ):
        looking = commands.add_parser(name, help=summary)
        looking.add_argument("folder", type=Path)
        looking.add_argument("--weights", type=Path, required=True)
        looking.add_argument("--out", type=Path, help="the figures as JSON")
        if name == "occlude":
            looking.add_argument("--clips", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.command == "build":
        build(options.digits, options.out, options.sequences, options.seed)
    elif options.command == "train":
        recipe = SpotterRecipe(epochs=options.epochs, seed=options.seed)
        train(options.digits, options.out, recipe)
    elif options.command == "evaluate":
        report(evaluate(options.folder, options.weights), options.out)
    else:
        report(occlude(options.folder, options.weights, options.clips), options.out)


def report(figures: Iterator[tuple[str, object]], out: Path | None) -> None:
    found = {}
    for name, figure in figures:
        found[name] = figure
        print(f"{name}: {json.dumps(figure)}", flush=True)
    if out:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

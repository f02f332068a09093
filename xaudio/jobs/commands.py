"""What a run is asked to do, and the command that does it: the one people type."""

from dataclasses import dataclass
from pathlib import Path

from xaudio.jobs.errors import JobError
from xaudio.provenance import ModelSpec


@dataclass(frozen=True)
class Machine:
    """Where a run is done.

    Attributes:
        device: ``cpu``, ``cuda``, ``cuda:1``.
        address: Of a Ray cluster; None for this machine.
    """

    device: str = "cpu"
    address: str | None = None


@dataclass(frozen=True)
class SweepRequest:
    """A sweep.

    Attributes:
        manifest: The file that lists the clips.
        models: At least one.
        suite: Name of a suite of corruptions; empty where `corruptions` are given.
        corruptions: Names of corruptions instead.
        severities: Only these; all if none.
        repeats: Draws of each random corruption.
        split: Only this part of the manifest; all of it if empty.
        quality_clips: Clips per condition whose sound is measured.
        explain: Whether explanations of some clips are compared, too.
        machine: Where it is done.
    """

    manifest: Path
    models: tuple[ModelSpec, ...]
    suite: str = ""
    corruptions: tuple[str, ...] = ()
    severities: tuple[int, ...] = ()
    repeats: int = 1
    split: str = ""
    quality_clips: int = 8
    explain: bool = False
    machine: Machine = Machine()


@dataclass(frozen=True)
class BatchRequest:
    """A batch of explanations.

    Attributes:
        source: A manifest, or a folder of clips.
        model: What is explained.
        methods: By name; the model's own default if none.
        target: The number that is explained; the model's default if empty.
        most: Clips, the first of the source; all if 0.
        machine: Where it is done.
    """

    source: Path
    model: ModelSpec
    methods: tuple[str, ...] = ()
    target: str = ""
    most: int = 0
    machine: Machine = Machine()


def sweep_words(request: SweepRequest, out: Path) -> tuple[str, ...]:
    """The command of a sweep, without ``xaudio``.

    >>> request = SweepRequest(Path("clips.csv"), (ModelSpec("lcnn"),), "telephony")
    >>> " ".join(sweep_words(request, Path("out")))
    'sweep run clips.csv --model lcnn --suite telephony --out out'

    Raises:
        JobError: It has no model, or neither or both of a suite and corruptions.
    """
    if not request.models:
        raise JobError("No model was chosen; a sweep needs at least one.")
    if bool(request.suite) == bool(request.corruptions):
        raise JobError("Choose a suite of corruptions, or one or more corruptions.")
    words = ["sweep", "run", str(request.manifest)]
    for model in request.models:
        words += ["--model", model.name]
    for model in request.models:
        words += ["--weights", f"{model.name}={model.weights}"] if model.weights else []
    words += _said_of_model(request.models[0]) if len(request.models) == 1 else []
    words += ["--suite", request.suite] if request.suite else []
    for corruption in request.corruptions:
        words += ["--corruption", corruption]
    for severity in request.severities:
        words += ["--severity", str(severity)]
    words += ["--repeats", str(request.repeats)] if request.repeats != 1 else []
    words += ["--split", request.split] if request.split else []
    if request.quality_clips != SweepRequest.quality_clips:
        words += ["--quality-clips", str(request.quality_clips)]
    words += ["--explain", "default"] if request.explain else []
    return (*words, *_machine(request.machine), "--out", str(out))


def batch_words(request: BatchRequest, out: Path) -> tuple[str, ...]:
    """The command of a batch of explanations, without ``xaudio``.

    >>> " ".join(batch_words(BatchRequest(Path("clips"), ModelSpec("lcnn")), Path("out")))
    'explain-batch clips --model lcnn --out out'
    """
    model = request.model
    words = ["explain-batch", str(request.source), "--model", model.name]
    words += ["--weights", model.weights] if model.weights else []
    words += _said_of_model(model)
    for method in request.methods:
        words += ["--method", method]
    words += ["--target", request.target] if request.target else []
    words += ["--most", str(request.most)] if request.most else []
    return (*words, *_machine(request.machine), "--out", str(out))


def words_of(request: SweepRequest | BatchRequest, out: Path) -> tuple[str, ...]:
    """The command of either."""
    if isinstance(request, SweepRequest):
        return sweep_words(request, out)
    return batch_words(request, out)


def _said_of_model(model: ModelSpec) -> list[str]:
    """What was said of a model that does not say it itself."""
    words = [word for label in model.labels or () for word in ("--label", label)]
    return words + (["--sample-rate", str(model.sample_rate)] if model.sample_rate else [])


def _machine(machine: Machine) -> list[str]:
    words = [] if machine.device == "cpu" else ["--device", machine.device]
    return words + (["--address", machine.address] if machine.address else [])

"""What an explanation was made from: enough to make it again and to see what differs."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

_PACKAGES = ("xaudio", "torch", "captum", "numpy", "scipy", "soundfile", "soxr", "av")


@dataclass(frozen=True)
class ModelSpec:
    """What a user says to load a classifier; None where nothing was said.

    Attributes:
        name: A registered name, ``hf:<id>``, a file, ``package.module:factory``, or the name of
            an object that was given.
        weights: The weights file.
        labels: One per logit, in the model's order.
        sample_rate: In hertz.
        is_object: Whether a module, a function or a `Classifier` was given, which Python can be
            handed again but no command can name.
    """

    name: str
    weights: str | None = None
    labels: tuple[str, ...] | None = None
    sample_rate: int | None = None
    is_object: bool = False


@dataclass(frozen=True)
class Provenance:
    """Everything that decides an explanation.

    Attributes:
        clip: The recording's name.
        clip_sha256: SHA-256 of the original bytes, hexadecimal.
        decode_chain: What was done to those bytes to get the samples that were explained.
        model: What was said to load the classifier.
        weights_sha256: The classifier's `fingerprint`: over its weights, and the file or
            configuration they came with; None where there is nothing to hash.
        device: Where it ran.
        threshold: The score at and above which a clip counts as bona fide; None without polarity.
        method: Name of the explaining method.
        settings: The method's settings, all of them.
        target: The number that was explained.
        seed: Seed of the method's random numbers; None where it draws none.
        seconds: Time the explanation took.
        versions: Python's and the packages' versions.
    """

    clip: str
    clip_sha256: str
    decode_chain: tuple[str, ...]
    model: ModelSpec
    weights_sha256: str | None
    device: str
    threshold: float | None
    method: str
    settings: Mapping[str, Any]
    target: str
    seed: int | None
    seconds: float
    versions: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dictionaries, for JSON."""
        return plain(asdict(self))


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that an explanation's numbers depend on.

    >>> sorted(versions())[:2]
    ['av', 'captum']
    """
    return {"python": python_version(), **{name: _version(name) for name in _PACKAGES}}


def command_line(record: Provenance, clip: str, settings: Mapping[str, Any]) -> str:
    """The command that makes an explanation again, or a comment that there is none.

    Args:
        record: How it was made.
        clip: Where the recording lies.
        settings: The method's settings that differ from its defaults.

    >>> command_line(_EXAMPLE, "voice message.ogg", {"window": 0.2})
    "xaudio explain 'voice message.ogg' --model lcnn --method occlusion --target spoof --setting
    window=0.2 --out explained"
    """
    model = record.model
    if model.is_object:
        return f"# No command loads {model.name!r}, an object in Python: see the lines of Python."
    words = ["xaudio", "explain", clip, "--model", model.name]
    if model.weights is not None:
        words += ["--weights", model.weights]
    for label in model.labels or ():
        words += ["--label", label]
    if model.sample_rate is not None:
        words += ["--sample-rate", str(model.sample_rate)]
    words += ["--method", record.method, "--target", record.target]
    if record.device != "cpu":
        words += ["--device", record.device]
    if record.threshold:
        words += ["--threshold", str(record.threshold)]
    for name, value in settings.items():
        words += ["--setting", f"{name}={value}"]
    return shlex.join([*words, "--out", "explained"])


def python_lines(record: Provenance, clip: str, settings: Mapping[str, Any]) -> str:
    """The lines of Python that make an explanation again; arguments as in `command_line`.

    >>> print(python_lines(_EXAMPLE, "voice.ogg", {}))
    import xaudio
    <BLANKLINE>
    explained = xaudio.explain("voice.ogg", "lcnn", "occlusion", "spoof")
    explained.save("explained")
    """
    model = record.model
    chosen = "model" if model.is_object else _quoted(model.name)
    arguments = [_quoted(clip), chosen, _quoted(record.method), _quoted(record.target)]
    if model.weights is not None:
        arguments.append(f"weights={_quoted(model.weights)}")
    if model.labels is not None:
        arguments.append(f"labels={model.labels!r}")
    if model.sample_rate is not None:
        arguments.append(f"sample_rate={model.sample_rate}")
    if record.device != "cpu" and not model.is_object:
        arguments.append(f"device={_quoted(record.device)}")
    if record.threshold:
        arguments.append(f"threshold={record.threshold}")
    if settings:
        arguments.append(f"settings={plain(dict(settings))!r}")
    note = f"# model: the object {model.name!r} that was explained\n" if model.is_object else ""
    return (
        f"import xaudio\n\n{note}explained = xaudio.explain({', '.join(arguments)})\n"
        'explained.save("explained")'
    )


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: mappings, lists, numbers, text.

    >>> plain({"edges": (1, 2.5), "path": __import__("pathlib").PurePosixPath("a/b")})
    {'edges': [1, 2.5], 'path': 'a/b'}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.item() if hasattr(value, "item") else str(value)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # JSON's strings are Python's too


_EXAMPLE = Provenance(
    clip="voice.ogg",
    clip_sha256="0" * 64,
    decode_chain=("Ogg, Vorbis",),
    model=ModelSpec("lcnn"),
    weights_sha256=None,
    device="cpu",
    threshold=0.0,
    method="occlusion",
    settings={"window": 0.2},
    target="spoof",
    seed=None,
    seconds=0.1,
)

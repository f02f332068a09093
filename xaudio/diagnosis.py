"""What this machine has and lacks for the work, and what each gap costs."""

import importlib
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

from xaudio.provenance import versions

OUR_PACKAGES = ("perturbations", "explainers", "xaudio", "dashboards")
_DISTRIBUTION = "xaudio"

_OPTIONAL = (
    ("transformers", "hf", "models from Hugging Face (hf:...) cannot be loaded"),
    ("onnxruntime", "onnx", "models in ONNX files cannot be loaded"),
    ("ray", "ray", "sweeps run on this machine's processes, not on a Ray cluster"),
    ("pesq", "quality", "certificates have no PESQ"),
    ("pystoi", "quality", "certificates have no STOI"),
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: What it belongs to: ``versions``, ``devices``, ``packages`` ...
        name: What was looked at.
        good: Whether it is as it should be.
        detail: What was found.
        cost: What its absence costs; empty where it is good.
    """

    area: str
    name: str
    good: bool
    detail: str
    cost: str = ""


def diagnose() -> list[Finding]:
    """Look at everything; nothing is changed and nothing is fetched."""
    return [
        *_versions(),
        *_devices(),
        *_codecs(),
        *_synthesisers(),
        *_optional_packages(),
        *_package_names(),
    ]


def codec_names() -> list[str]:
    """The corruptions that are codecs."""
    from perturbations.codecs.codec import Codec
    from perturbations.codecs.tandem import TandemCodec
    from perturbations.corruption import corruptions

    return [
        name
        for name in corruptions.names()
        if issubclass(corruptions.get(name), Codec | TandemCodec)
    ]


def codec_fault(name: str) -> str | None:
    """Why a codec cannot code a fifth of a second of sound here; None where it can."""
    import torch

    from perturbations.corruption import Key, load_corruption

    tone = 0.25 * torch.sin(0.2 * torch.arange(3200.0))[None]
    try:
        load_corruption(name).apply(tone, 16_000, 1, [Key("doctor")])
    except Exception as fault:  # whatever a library that lacks its codec does
        return f"{type(fault).__name__}: {fault}"
    return None


def packages_in_the_way() -> dict[str, str]:
    """Which of our four package names another one has taken, and who has.

    >>> packages_in_the_way()
    {}
    """
    home = Path(__file__).resolve().parents[1]
    owners = packages_distributions()
    clashes = {}
    for name in OUR_PACKAGES:
        found = find_spec(name)
        folders = list(found.submodule_search_locations or []) if found else []
        strangers = sorted(set(owners.get(name, [])) - {_DISTRIBUTION})
        if strangers:
            clashes[name] = f"also installed by {', '.join(strangers)}"
        elif not folders:
            clashes[name] = "cannot be found"
        elif Path(folders[0]).resolve().parent != home:
            clashes[name] = f"imported from {folders[0]} instead of {home / name}"
    return clashes


def _versions() -> Iterator[Finding]:
    for name, found in versions().items():
        good = found != "not installed" or name == _DISTRIBUTION
        yield Finding("versions", name, good, found, "" if good else "install xaudio again")


def _devices() -> Iterator[Finding]:
    import torch

    yield Finding("devices", "cpu", True, f"{torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            device = torch.cuda.get_device_properties(index)
            memory = f"{device.name}, {device.total_memory / 2**30:.0f} GiB"
            yield Finding("devices", f"cuda:{index}", True, memory)
    else:
        cost = "large models and long sweeps take longer; the bundled detector does not need it"
        yield Finding("devices", "cuda", False, "no usable GPU", cost)
    disk = shutil.disk_usage(Path.cwd())
    yield Finding("devices", "disk", True, f"{disk.free / 2**30:.0f} GiB free here")


def _codecs() -> Iterator[Finding]:
    for name in codec_names():
        fault = codec_fault(name)
        good = fault is None
        yield Finding("codecs", name, good, fault or "codes", "" if good else f"no {name} here")


def _synthesisers() -> Iterator[Finding]:
    from xaudio.datasets.speech_synthesis import speech_attacks

    for name in speech_attacks.names():
        engine = speech_attacks.get(name)()
        good = engine.available()
        cost = "" if good else f"corpora go without its voices; install {engine.package}"
        yield Finding("synthesisers", name, good, "installed" if good else "not installed", cost)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports the deprecated pkg_resources
            importlib.import_module("pyworld")
    except ImportError as error:
        cost = "corpora go without WORLD copy synthesis (pyworld needs setuptools < 81)"
        yield Finding("synthesisers", "WORLD", False, str(error), cost)
    else:
        yield Finding("synthesisers", "WORLD", True, "installed")


def _optional_packages() -> Iterator[Finding]:
    for name, extra, cost in _OPTIONAL:
        good = find_spec(name) is not None
        remedy = "" if good else f"{cost}; pip install 'xaudio[{extra}]'"
        yield Finding("extras", name, good, "installed" if good else "not installed", remedy)


def _package_names() -> Iterator[Finding]:
    clashes = packages_in_the_way()
    for name in OUR_PACKAGES:
        detail = clashes.get(name, "ours")
        cost = "the wrong code may run; uninstall it or use a fresh environment"
        yield Finding("packages", name, name not in clashes, detail, cost * (name in clashes))

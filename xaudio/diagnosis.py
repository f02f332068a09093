"""What this machine has and lacks for the work, and what each gap costs."""

import importlib
import io
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from xaudio.provenance import versions

OUR_PACKAGES = ("perturbations", "explainers", "xaudio", "dashboards")
_DISTRIBUTION = "xaudio"

# (shown name, FFmpeg encoder, container, sample rate in hertz)
_CODECS = (
    ("MP3", "libmp3lame", "mp3", 16000),
    ("Opus", "libopus", "ogg", 16000),
    ("AAC", "aac", "adts", 16000),
    ("FLAC", "flac", "flac", 16000),
    ("G.722", "g722", "g722", 16000),
    ("G.711 A-law", "pcm_alaw", "wav", 8000),
    ("AMR-NB", "libopencore_amrnb", "amr", 8000),
)
_OPTIONAL = (
    ("transformers", "hf", "models from Hugging Face (hf:...) cannot be loaded"),
    ("onnxruntime", "onnx", "models in ONNX files cannot be loaded"),
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


def codec_encodes(encoder: str, container: str, sample_rate: int) -> bool:
    """Whether FFmpeg here turns 0.2 s of sound into a file with something in it."""
    import av
    import numpy as np

    file = io.BytesIO()
    try:
        with av.open(file, "w", format=container) as output:
            stream = cast("av.AudioStream", output.add_stream(encoder, rate=sample_rate))
            stream.layout = "mono"
            tone = np.sin(np.arange(sample_rate // 5) * 0.2) * 8000
            frame = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], "s16", "mono")
            frame.sample_rate = sample_rate
            for packet in (*stream.encode(frame), *stream.encode(None)):
                output.mux(packet)
    except (av.FFmpegError, ValueError, OSError):
        return False
    return file.tell() > 0


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
    for name, encoder, container, sample_rate in _CODECS:
        good = codec_encodes(encoder, container, sample_rate)
        detail = f"{encoder} encodes" if good else f"{encoder} does not encode"
        yield Finding("codecs", name, good, detail, "" if good else f"no {name} corruption here")


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

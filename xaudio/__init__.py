"""Why an audio classifier decides what it decides, where in time and frequency, how long it holds.

The public names are looked up when first used, so that ``import xaudio`` itself costs nothing.
"""

import importlib
from typing import Any

_HOMES = {
    "Certificate": "perturbations.certificates",
    "Classifier": "xaudio.classifiers",
    "Clip": "xaudio.audio",
    "Corrupted": "perturbations.corrupted",
    "Decision": "xaudio.explaining",
    "ExplainedClip": "xaudio.explaining",
    "Explanation": "explainers.explanation",
    "UserError": "perturbations.errors",
    "clip_from_bytes": "xaudio.audio",
    "clip_from_samples": "xaudio.audio",
    "corrupt": "xaudio.corrupting",
    "corrupt_with_suite": "xaudio.corrupting",
    "decide": "xaudio.explaining",
    "explain": "xaudio.explaining",
    "load_classifier": "xaudio.classifiers",
    "load_corruption": "perturbations.corruption",
    "load_explainer": "explainers.explainer",
    "load_explanation": "explainers.explanation",
    "load_manifest": "xaudio.datasets.manifest",
    "load_suite": "perturbations.suites",
    "open_store": "xaudio.sweeps",
    "read_clip": "xaudio.audio",
    "read_dataset": "xaudio.datasets.readers",
    "sweep": "xaudio.sweeps",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'xaudio' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

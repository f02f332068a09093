"""What is taken from a record, and what has to be given again.

The record is input from anybody. From it come names, numbers and text only: a model by one of the
names that this program knows itself, a method likewise. Whatever would be opened, imported or
fetched (a weights file, a module, an ONNX file, an alignment) must be given again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explainers.explainer import default_settings
from xaudio.classifiers import Classifier, load_classifier
from xaudio.errors import ModelError
from xaudio.models.registry import models
from xaudio.records.record import CaseRecord


@dataclass(frozen=True)
class Given:
    """What is given again, beside the record.

    Attributes:
        clip: The recording; looked for beside the record when not given.
        model: What the model is loaded by, or a `Classifier`; needed where the record names
            anything but one of the program's own models.
        weights: The weights file; needed where the record names one.
        settings: Of the method; needed where a recorded one names a file.
        device: Where to run, whatever the record says.
    """

    clip: str | Path | None = None
    model: str | Classifier | None = None
    weights: str | Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"


def recorded_classifier(record: CaseRecord, given: Given) -> Classifier:
    """The model that was given, or the one recorded where it is one of the program's own.

    Raises:
        ModelError: It has to be given, or cannot be loaded.
    """
    if isinstance(given.model, Classifier):
        return given.model
    said = record.model
    if given.model is None:
        if said.is_object or said.name not in models.names():
            raise ModelError(
                f"The record was made with the model '{said.name}', which is not loaded because a "
                "record names it. If you trust it, give it: --model."
            )
        if said.weights is not None and given.weights is None:
            raise ModelError(
                f"The record was made with the weights file '{said.weights}', which is not opened "
                "because a record names it. Give it: --weights."
            )
    return load_classifier(
        given.model or said.name, given.weights, given.device, said.labels, said.sample_rate
    )


def recorded_settings(record: CaseRecord, given: Given) -> dict[str, Any]:
    """The method's settings; none of the record's that may name a file.

    Raises:
        ExplanationError: There is no such method.
        ModelError: A setting has to be given.
    """
    name, defaults = record.method.name, default_settings(record.method.name)
    found = {}
    for setting, value in record.method.settings.items():
        if setting in given.settings:
            continue
        if isinstance(value, str) and value != defaults.get(setting) and _names_a_file(value):
            raise ModelError(
                f"The record's setting '{setting}' of '{name}' is '{value}', which may name a file "
                f"and is not opened because a record names it. Give it: --setting {setting}=..."
            )
        is_tuple = isinstance(defaults.get(setting), tuple) and isinstance(value, list)
        found[setting] = tuple(value) if is_tuple else value
    return {**found, **given.settings}


def _names_a_file(text: str) -> bool:
    """Whether any part of a setting could be opened."""
    if set(text) & set("/\\~\0"):
        return True
    parts = [text, *text.replace(";", ":").replace(",", ":").replace("=", ":").split(":")]
    return any(Path(part.strip()).exists() for part in parts if part.strip())

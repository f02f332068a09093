"""The protocol of all ways to cut a clip, their registry, and the text that names one."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, ClassVar, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts
from perturbations.registry import Registry

READERS: dict[Any, Callable[[str], Any]] = {
    float: float,
    float | None: float,
    int: int,
    str: str,
}


class Segmenter(ABC):
    """A way to cut a clip; subclasses are frozen dataclasses whose fields are its settings.

    As text it is its name and its settings, colons between: ``windows:0.1:0.05``.

    Attributes:
        name: How it is called: ``windows``.
        form: How it is written: ``windows:SECONDS[:HOP]``.
        summary: What its parts are, in one line for people.
    """

    name: ClassVar[str]
    form: ClassVar[str]
    summary: ClassVar[str]

    @abstractmethod
    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The parts of a clip that `cut` has checked and brought to the CPU."""

    def cut(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The parts of a clip.

        Args:
            waveform: At least one sample, all of them finite.
            sample_rate: In Hz.

        Raises:
            ExplanationError: The clip is unusable, or cannot be cut in this way.
        """
        if waveform.ndim != 1 or len(waveform) == 0 or sample_rate < 1:
            raise ExplanationError(
                f"A clip of shape {tuple(waveform.shape)} at {sample_rate} Hz was given to be cut "
                "into parts; expected [time] with a sample or more, at 1 Hz or more."
            )
        if not torch.isfinite(waveform).all():
            raise ExplanationError(
                "The clip has samples that are NaN or infinite; mend it before it is cut."
            )
        return self.divide(waveform.detach().cpu(), sample_rate)

    @classmethod
    def parse(cls, settings: str) -> "Segmenter":
        """From the settings as text: numbers and words in the order of the fields.

        Raises:
            ExplanationError: They are not what `form` says.
        """
        given, known = settings.split(":") if settings else [], fields(cls)  # type: ignore[arg-type]
        required = sum(setting.default is MISSING for setting in known)
        try:
            if not required <= len(given) <= len(known):
                raise ValueError
            pairs = zip(known, given, strict=False)
            values = [READERS[setting.type](text) for setting, text in pairs]
        except ValueError as error:
            raise ExplanationError(
                f"'{cls.name}{':' if settings else ''}{settings}' names no way to cut a clip; "
                f"write it as {cls.form}."
            ) from error
        return cls(*values)

    @property
    def spec(self) -> str:
        """The text that `parse_segmenter` reads as this; what is as by default stays unsaid."""
        settings = [*fields(self)]  # type: ignore[arg-type]
        while settings and getattr(self, settings[-1].name) == settings[-1].default:
            settings.pop()
        return ":".join([self.name, *(_written(getattr(self, one.name)) for one in settings)])

    def __str__(self) -> str:
        return self.spec


Way = TypeVar("Way", bound=type[Segmenter])

segmenters: Registry[type[Segmenter]] = Registry(
    "way to cut a clip",
    "xaudio.segmenters",
    tuple(
        f"explainers.segmentation.{module}"
        for module in (
            "windows",
            "onsets",
            "speech",
            "pseudo_words",
            "words",
            "patches",
            "harmonic_percussive",
            "factorisation",
            "masks",
        )
    ),
    ExplanationError,
)


def register_segmenter(way: Way) -> Way:
    """Class decorator that files a way to cut under its name."""
    segmenters.register(way.name)(way)
    return way


def parse_segmenter(text: str) -> Segmenter:
    """The way to cut that `text` names.

    Raises:
        ExplanationError: It names none; the message lists those there are, or says how this one
            is written.

    >>> parse_segmenter("windows:0.1:0.05")
    Windows(seconds=0.1, hop=0.05)
    >>> str(parse_segmenter("bands:erb:16"))
    'bands:erb:16'
    """
    name, _, settings = text.strip().partition(":")
    return segmenters.get(name).parse(settings)


def _written(value: float | int | str) -> str:
    return str(value).removesuffix(".0")

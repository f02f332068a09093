"""What decides a model's scores, and so the ids of its cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.behaviour import behaviour
from xaudio.sweeps.content import content_hash


@dataclass(frozen=True)
class ModelIdentity:
    """What decides a model's scores.

    Attributes:
        name: For people; no part of the identity.
        fingerprint: SHA-256 of the weights, and of the file or configuration beside them.
        architecture: Name of the module's class; empty for a function.
        labels: In the model's order.
        sample_rate: In hertz; clips are brought to it before they are corrupted.
        fit: How clips meet the model's input length.
        behaviour: Its settings and what it says about a fixed probe: weights alone do not tell two
            exported programs or two functions apart.
        precision: Of its arithmetic: ``float32``, ``bfloat16`` or ``float16``.
    """

    name: str
    fingerprint: str
    architecture: str
    labels: tuple[str, ...]
    sample_rate: int
    fit: str
    behaviour: str
    precision: str = "float32"

    @cached_property
    def digest(self) -> str:
        """Hash of everything but the name."""
        return content_hash(
            self.fingerprint,
            self.architecture,
            *self.labels,
            str(self.sample_rate),
            self.fit,
            self.behaviour,
            self.precision,
        )


def identify(classifier: Classifier, precision: str = "float32") -> ModelIdentity:
    """What decides a classifier's scores."""
    return ModelIdentity(
        name=classifier.name,
        fingerprint=classifier.fingerprint,
        architecture="" if classifier.module is None else type(classifier.module).__name__,
        labels=classifier.labels,
        sample_rate=classifier.sample_rate,
        fit=repr(classifier.fit),
        behaviour=behaviour(classifier),
        precision=precision,
    )


def named_apart(models: Sequence[ModelIdentity]) -> list[ModelIdentity]:
    """The same models; those that share a name carry in it what tells them apart.

    That is the precision where no two have the same; else the beginning of the weights' hash, or of
    the whole identity's where weights are shared.
    """
    names = [model.name for model in models]
    return [
        replace(model, name=f"{model.name} ({_apart(model, models)})")
        if names.count(model.name) > 1
        else model
        for model in models
    ]


def _apart(model: ModelIdentity, models: Sequence[ModelIdentity]) -> str:
    alike = [other for other in models if other.name == model.name]
    if len({other.precision for other in alike}) == len(alike):
        return model.precision
    shared = sum(other.fingerprint == model.fingerprint for other in alike) > 1
    return (model.digest if shared else model.fingerprint)[:8]

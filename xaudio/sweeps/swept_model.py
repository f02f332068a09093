"""A model as a sweep is given it: enough to load it, here or in another process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xaudio.classifiers import load_classifier
from xaudio.classifiers.classifier import Classifier
from xaudio.classifiers.scoring_form import scoring_form
from xaudio.sweeps.identity import ModelIdentity, identify
from xaudio.sweeps.scoring import check_precision


@dataclass(frozen=True)
class SweptModel:
    """What `load_classifier` takes, and how precisely to compute.

    Attributes:
        spec: ``lcnn``, ``hf:<id>``, ``model.onnx``, ``package.module:factory``, a module, a
            classifier. What is no text is sent to other processes as it is.
        weights: A weights file.
        labels: For a model that does not say.
        sample_rate: In hertz, for a model that does not say.
        fit: How clips meet the model's input length.
        device: Where it runs.
        precision: ``float32``, or ``bfloat16`` or ``float16`` for mixed precision on request,
            which changes scores and therefore is part of a cell.

    Raises:
        ModelError: No such precision.
    """

    spec: Any
    weights: str | None = None
    labels: tuple[str, ...] | None = None
    sample_rate: int | None = None
    fit: str | None = None
    device: str = "cpu"
    precision: str = "float32"

    def __post_init__(self) -> None:
        check_precision(self.precision)

    @property
    def on_processor(self) -> bool:
        """Whether it runs on the processor, as far as can be said without loading it."""
        device = self.spec.device if isinstance(self.spec, Classifier) else self.device
        return str(device) == "cpu"

    def load(self) -> Classifier:
        """The classifier on its device.

        Raises:
            ModelError: It cannot be loaded.
        """
        if isinstance(self.spec, Classifier):
            return self.spec
        return load_classifier(
            self.spec, self.weights, self.device, self.labels, self.sample_rate, self.fit
        )

    def identity(self) -> ModelIdentity:
        """What decides its scores."""
        return identify(self.load(), self.precision)


def loaded(models: Sequence[SweptModel]) -> dict[str, Classifier]:
    """The models in the form that scores fastest, by the digests of their identities."""
    classifiers = {}
    for model in models:
        classifier = model.load()
        identity = identify(classifier, model.precision)
        classifiers[identity.digest] = scoring_form(classifier)
    return classifiers

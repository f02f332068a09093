"""The same model with what it has learned destroyed, to tell relevance from the look of a clip."""

import torch

from explainers.quality.randomisation import copied, shuffle_parameters
from xaudio.classifiers.classifier import Classifier

SEED = 0


def with_random_weights(classifier: Classifier, seed: int = SEED) -> Classifier | None:
    """A copy whose parameters are drawn anew from their own entries; the classifier stays as it is.

    Every layer's entries are shuffled, the last step of cascading randomisation (Adebayo et al.
    2018): scale and tails stay, so the network neither dies nor overflows. None for a model
    without a module, which has no parameters to draw.

    Args:
        classifier: Whose weights.
        seed: Of the draw.
    """
    if classifier.module is None:
        return None
    module = copied(classifier.module)
    random = torch.Generator().manual_seed(seed)
    for part in module.modules():
        shuffle_parameters(part, random)
    return Classifier(
        module,
        classifier.name,
        classifier.sample_rate,
        classifier.labels,
        classifier.fit,
        classifier.device,
    )

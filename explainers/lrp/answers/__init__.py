"""What answers which operation, by family; importing this registers them all."""

from explainers.lrp.answers import (  # noqa: F401
    activations,
    arithmetic,
    attention,
    extremes,
    layers,
    moving,
    normalisation,
    products,
    recurrence,
    softmax,
    writing,
)

"""What counts as most relevant, and so what is lost when it goes."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int


class Ranking(ABC):
    """An order of relevance.

    Attributes:
        name: What it is called.
    """

    name: ClassVar[str]

    @abstractmethod
    def weights(self, relevance: Float[np.ndarray, " units"]) -> Float[np.ndarray, " units"]:
        """The higher, the more relevant."""

    @abstractmethod
    def loss(
        self, before: float, after: Float[np.ndarray, "*shape"]
    ) -> Float[np.ndarray, "*shape"]:
        """How much the score lost with what is most relevant; the higher, the more."""


class Magnitude(Ranking):
    """Relevance for or against the target alike; what it loses is how far the score moves."""

    name: ClassVar[str] = "magnitude"

    def weights(self, relevance: Float[np.ndarray, " units"]) -> Float[np.ndarray, " units"]:
        """Absolute values."""
        return np.abs(relevance)

    def loss(
        self, before: float, after: Float[np.ndarray, "*shape"]
    ) -> Float[np.ndarray, "*shape"]:
        """How far the score moved, either way."""
        return np.abs(after - before)


class Support(Ranking):
    """Relevance for the target first, against it last; what it loses is how far the score falls."""

    name: ClassVar[str] = "support"

    def weights(self, relevance: Float[np.ndarray, " units"]) -> Float[np.ndarray, " units"]:
        """The values themselves."""
        return relevance

    def loss(
        self, before: float, after: Float[np.ndarray, "*shape"]
    ) -> Float[np.ndarray, "*shape"]:
        """How far the score fell."""
        return before - after


MAGNITUDE = Magnitude()
SUPPORT = Support()
RANKINGS: dict[str, Ranking] = {one.name: one for one in (MAGNITUDE, SUPPORT)}


def falling_order(
    weights: Float[np.ndarray, " units"], random: np.random.Generator
) -> Int[np.ndarray, " units"]:
    """Indices, the highest weight first, equal weights in random order.

    In the order of time instead, a map that says nothing would choose the clip's beginning.
    """
    return np.lexsort((random.permutation(len(weights)), -weights))

"""Which rule answers which kind of operation: a composite is data, and has a name."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from explainers.errors import ExplanationError
from explainers.lrp.input_rules import Box, Flat
from explainers.lrp.rules import AlphaBeta, Epsilon, Gamma, LinearRule, z_plus
from perturbations.registry import Registry

Shares = tuple[float, float]

VALUES_ONLY: Shares = (1.0, 0.0)
HALF_EACH: Shares = (0.5, 0.5)
PLAIN: Shares = (1.0, 1.0)
EPSILON = Epsilon()


@dataclass(frozen=True)
class Composite:
    """The rules of one way to propagate relevance.

    Attributes:
        name: Under which it is found.
        dense: Of fully connected layers.
        convolution: Of convolutions and transposed convolutions.
        first: Of the first linear layer that the input meets; None for the rule of its kind.
        layers: Rules for layers whose path fits a pattern (``encoder.*.fc1``); the first that
            fits counts, before all others.
        attention: How a product of attention weights and values is shared: (1, 0) is CP (Ali et
            al. 2022), values take all; (0.5, 0.5) is AttnLRP (Achtibat et al. 2024).
        gate: How a product of a signal and a gate is shared: (1, 0) is signal-take-all (Arras et
            al. 2019).
        product: How a product of two signals is shared.
        normalisation: What is held constant: the ``deviation``; ``mean and deviation``; or
            ``nothing``, the plain gradient, under which a layer norm lets no relevance through.
        levels: Whether a shift of logarithms hands relevance on ``whole``, see
            `explainers.lrp.levels`, or is ``linear``.
        activation: ``identity`` hands all relevance on; ``guided`` takes the plain gradient where
            it is positive (guided backpropagation, Springenberg et al. 2015).
    """

    name: str
    dense: LinearRule = EPSILON
    convolution: LinearRule = EPSILON
    first: LinearRule | None = None
    layers: tuple[tuple[str, LinearRule], ...] = ()
    attention: Shares = VALUES_ONLY
    gate: Shares = VALUES_ONLY
    product: Shares = HALF_EACH
    normalisation: Literal["deviation", "mean and deviation", "nothing"] = "deviation"
    levels: Literal["whole", "linear"] = "whole"
    activation: Literal["identity", "guided"] = "identity"

    def rule_for(
        self, kind: Literal["dense", "convolution"], place: str, first: bool
    ) -> LinearRule:
        """The rule of one layer."""
        for pattern, rule in self.layers:
            if fnmatchcase(place, pattern):
                return rule
        if first and self.first is not None:
            return self.first
        return self.dense if kind == "dense" else self.convolution

    @property
    def gives_relevance(self) -> bool:
        """Whether a rule gives relevance where the input is zero."""
        rules = (self.dense, self.convolution, self.first, *(rule for _, rule in self.layers))
        return any(rule.gives_relevance for rule in rules if rule is not None)


composites: Registry[Callable[[], Composite]] = Registry(
    "composite",
    "xaudio.composites",
    ("explainers.lrp.composites", "explainers.lrp.relatives"),
    ExplanationError,
)


def register_composite(
    make: Callable[[], Composite],
) -> Callable[[], Composite]:
    """Decorator that files a composite under the name of the function that makes it."""
    return composites.register(make.__name__)(make)


def load_composite(name: str) -> Composite:
    """The composite of that name.

    Raises:
        ExplanationError: There is none; the message lists those there are.
    """
    return composites.get(name)()


@register_composite
def epsilon() -> Composite:
    """Every input by its contribution."""
    return Composite("epsilon")


@register_composite
def epsilon_plus() -> Composite:
    """Convolutions by their positive contributions, dense layers by all."""
    return Composite("epsilon_plus", convolution=z_plus())


@register_composite
def gamma() -> Composite:
    """Contributions of the output's own sign favoured, everywhere."""
    return Composite("gamma", dense=Gamma(0.25), convolution=Gamma(0.25))


@register_composite
def epsilon_gamma() -> Composite:
    """Gamma in convolutions, dense layers by all contributions."""
    return Composite("epsilon_gamma", convolution=Gamma(0.25))


@register_composite
def epsilon_gamma_box() -> Composite:
    """Gamma in convolutions, the first layer's input within -1 and 1."""
    return Composite("epsilon_gamma_box", convolution=Gamma(0.25), first=Box(-1.0, 1.0))


@register_composite
def epsilon_alpha2_beta1() -> Composite:
    """Convolutions with negative contributions against positive ones."""
    return Composite("epsilon_alpha2_beta1", convolution=AlphaBeta(2.0, 1.0))


@register_composite
def flat_first() -> Composite:
    """As `epsilon_plus`; the first layer hands on evenly to all it sees."""
    return Composite("flat_first", convolution=z_plus(), first=Flat())


@register_composite
def cp() -> Composite:
    """No stabiliser; attention weights and gates held constant (Ali et al. 2022)."""
    return Composite("cp", dense=Epsilon(0.0), convolution=Epsilon(0.0))


@register_composite
def attnlrp() -> Composite:
    """No stabiliser; attention weights and values take half each (Achtibat et al. 2024)."""
    return Composite("attnlrp", dense=Epsilon(0.0), convolution=Epsilon(0.0), attention=HALF_EACH)

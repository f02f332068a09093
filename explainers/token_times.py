"""Where in time a transformer's tokens listen, found by asking.

Noise is put through the model, and again a little changed, once everywhere alike and once the more
the later. Around a token's place the second change is the same fraction of the first, so the ratio
of what the two do to the token says where that is: wherever patches are cut, in whatever order they
are numbered. A class token answers to neither.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from explainers.arrays import to_array
from explainers.attention_maps import Attention, AttentionMaps, by_clip
from explainers.errors import ExplanationError
from explainers.projection import regrid

DRAWS = 5
LEVEL = 0.1
CHANGE = 0.1
"""Of the change, relative to the noise."""
SILENT = 1e-6
"""A token that answers with less than this share of the strongest answer does not listen."""
STEADY = 0.2
"""A token's place may differ from draw to draw by this share of the clip; else it has none."""
SNAP = 0.1
"""Tokens that begin or end this near to the clip's ends share it out evenly."""
FOLLOWS = 0.9
"""Least correlation between the order of tokens and the places where they listen."""


@dataclass(frozen=True)
class TokenTimes:
    """How tokens lie along time.

    Attributes:
        columns: Of each token; tokens of several frequencies may share one. -1 for class tokens.
        edges: Column i reaches from edge i to edge i + 1, as shares of the clip; what lies beyond 0
            and 1 is padding.
    """

    columns: Int[np.ndarray, " tokens"]
    edges: Float[np.ndarray, " edges"]

    @property
    def class_tokens(self) -> int:
        """Tokens that listen to nothing in the clip."""
        return int((self.columns < 0).sum())

    def on_samples(
        self, relevance: Float[np.ndarray, "batch tokens"], samples: int
    ) -> Float[np.ndarray, "batch samples"]:
        """Each token's relevance spread evenly over its column; that of class tokens left out."""
        over_columns = np.zeros((len(relevance), len(self.edges) - 1))
        placed = self.columns >= 0
        np.add.at(over_columns.T, self.columns[placed], relevance[:, placed].T)
        return regrid(over_columns, self.edges * samples, np.arange(samples + 1.0))


def find_token_times(module: nn.Module, waveform: Float[Tensor, "batch time"]) -> TokenTimes:
    """How the tokens of the module's first attention lie along clips like these.

    Raises:
        ExplanationError: They do not follow time.
    """

    def tokens(probe: Tensor) -> Tensor:
        return by_clip(first_values(module, probe), 1)[0]

    return lay_out(*listening(tokens, waveform))


class _Heard(Exception):  # noqa: N818 - no error: it ends a run that has shown enough
    def __init__(self, values: Tensor):
        self.values = values


class _FirstAttention(AttentionMaps):
    def see(self, attention: Attention) -> None:
        raise _Heard(attention.values)


def first_values(
    module: nn.Module, waveform: Float[Tensor, "batch time"]
) -> Float[Tensor, "*batch tokens width"]:
    """What the module's first attention weighs; the run ends there."""
    try:
        with torch.no_grad(), _FirstAttention():
            module(waveform)
    except _Heard as heard:
        return heard.values
    raise ExplanationError("No attention was seen when the model ran on its own.")


def listening(
    tokens: Callable[[Float[Tensor, "1 time"]], Float[Tensor, "heads tokens width"]],
    like: Float[Tensor, "batch time"],
) -> tuple[Float[np.ndarray, "draws tokens"], Float[np.ndarray, "draws tokens"]]:
    """How strongly each token answers to a change, and where in the clip (0 to 1), draw by draw.

    Args:
        tokens: What the tokens are for one clip.
        like: Gives the length, device and precision of the clips.
    """
    random = torch.Generator().manual_seed(0)
    length = like.shape[1]
    # Energies add up, so a change whose energy grows evenly gives the centre of energy.
    later = ((torch.arange(length) + 0.5) / length).sqrt()
    strengths, places = [], []
    for _ in range(DRAWS):
        noise, change = LEVEL * torch.randn(2, 1, length, generator=random)
        change = CHANGE * change
        still, all_over, growing = (
            tokens(one.to(like)).double() for one in (noise, noise + change, noise + change * later)
        )
        strength = (all_over - still).square().sum(dim=(0, 2))
        strengths.append(to_array(strength))
        late = to_array((growing - still).square().sum(dim=(0, 2)))
        places.append(late / np.maximum(strengths[-1], np.finfo(float).tiny))
    return np.stack(strengths), np.stack(places)


def lay_out(
    strengths: Float[np.ndarray, "draws tokens"], places: Float[np.ndarray, "draws tokens"]
) -> TokenTimes:
    """The grid on which tokens lie, from where they listen.

    Class tokens come first. The others are numbered along time, or along time in each of several
    rows of equal length, or along the rows at each time: whichever fits best.

    Raises:
        ExplanationError: No numbering follows time.
    """
    place = places.mean(axis=0)
    answers = strengths.min(axis=0) > SILENT * strengths.max()
    placed = answers & (np.ptp(places, axis=0) < STEADY)
    if placed.sum() < 2:
        raise ExplanationError(
            "The tokens of the model's first attention do not listen to moments of the clip, so "
            "what they attend to has no place in time. Use a method that does not follow attention."
        )
    first = int(answers.argmax())
    place, placed = place[first:], placed[first:]
    order, unexplained = _best_numbering(place[placed], placed)
    if 1 - unexplained < FOLLOWS**2:
        raise ExplanationError(
            f"The {len(answers)} tokens of the model's first attention do not follow time in any "
            "order that is known. Use a method that does not follow attention."
        )
    edges = _edges(order, int(order[placed].max()), *np.polyfit(order[placed], place[placed], 1))
    return TokenTimes(np.concatenate([np.full(first, -1), order]), edges)


def _edges(
    order: Int[np.ndarray, " tokens"], last: int, step: float, centre: float
) -> Float[np.ndarray, " edges"]:
    """Edges of the columns: `last` has a place, columns are `step` apart, the first is at `centre`.

    Where they fill the clip nearly, they fill it: what tokens hear of their surroundings draws
    their centres together. Columns without a place may belong to the clip (the
    outermost, in noise) or be padding.
    """
    count = int(order.max()) + 1
    start = centre - step / 2
    start = 0.0 if abs(start) < SNAP else start
    for filled in (count, last + 1):
        end = centre + (filled - 0.5) * step
        if abs(end - 1) < SNAP:
            end = 1.0
            break
    return start + (end - start) / filled * np.arange(count + 1)


def _best_numbering(
    places: Float[np.ndarray, " placed"], placed: Bool[np.ndarray, " tokens"]
) -> tuple[Int[np.ndarray, " tokens"], float]:
    """Columns of the tokens, and the share of the places' variance they leave unexplained."""
    tokens = np.arange(len(placed))
    best, least = tokens, _unexplained(tokens[placed], places)
    for rows in range(2, len(placed) // 2 + 1):
        if len(placed) % rows == 0:
            for order in (tokens % (len(placed) // rows), tokens // rows):
                left = _unexplained(order[placed], places)
                # A grid must be clearly better than a plain sequence.
                if left < least / 2:
                    best, least = order, left
    return best, least


def _unexplained(order: Int[np.ndarray, " placed"], places: Float[np.ndarray, " placed"]) -> float:
    if order.std() == 0 or places.std() == 0:
        return 1.0
    correlation = float(np.corrcoef(order, places)[0, 1])
    return 1.0 - max(correlation, 0.0) ** 2

"""Rules as people write them: ``encoder.*=gamma:0.25; head=epsilon:1e-3``."""

from collections.abc import Callable

from explainers.errors import ExplanationError
from explainers.lrp.input_rules import Box, Flat, WSquare
from explainers.lrp.rules import AlphaBeta, Epsilon, Gamma, LinearRule, z_plus

SPELLINGS: dict[str, tuple[Callable[..., LinearRule], int]] = {
    "epsilon": (Epsilon, 1),
    "gamma": (Gamma, 1),
    "z-plus": (z_plus, 0),
    "alpha-beta": (AlphaBeta, 2),
    "w-square": (WSquare, 0),
    "flat": (Flat, 0),
    "box": (Box, 2),
}
"""What each name makes, and how many numbers may follow it."""


def layer_rules(spec: str) -> tuple[tuple[str, LinearRule], ...]:
    """Patterns of module paths and the rules of the layers that fit.

    Raises:
        ExplanationError: It cannot be read; the message says how rules are written.

    >>> layer_rules("encoder.*=gamma:0.25; head=epsilon")
    (('encoder.*', Gamma(gamma=0.25, ...)), ('head', Epsilon(...)))
    """
    found = []
    for part in filter(None, (one.strip() for one in spec.split(";"))):
        pattern, equals, written = part.partition("=")
        if not (equals and pattern.strip() and written.strip()):
            raise _unreadable(part)
        found.append((pattern.strip(), parse_rule(written.strip())))
    return tuple(found)


def parse_rule(written: str) -> LinearRule:
    """One rule: its name, and numbers after colons: ``alpha-beta:2:1``.

    Raises:
        ExplanationError: It cannot be read.
    """
    name, *numbers = written.split(":")
    if name not in SPELLINGS or len(numbers) > SPELLINGS[name][1]:
        raise _unreadable(written)
    try:
        return SPELLINGS[name][0](*(float(number) for number in numbers))
    except ValueError as error:
        raise _unreadable(written) from error


def _unreadable(part: str) -> ExplanationError:
    return ExplanationError(
        f"The rule '{part}' cannot be read. Write 'layer pattern=rule', separated by semicolons; "
        f"rules are {', '.join(SPELLINGS)}, with numbers after colons: 'gamma:0.25', "
        "'alpha-beta:2:1'."
    )

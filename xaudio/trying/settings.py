"""The settings of a corruption that somebody at a page may change: numbers, and words of a list.

What names a file, a folder, weights or a class stays as it is: a page opens nothing but what the
dashboard was given when it started.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from perturbations.corruption import corruptions
from perturbations.errors import CorruptionError

Value = bool | int | float | str


@dataclass(frozen=True)
class OwnSetting:
    """A setting that may be changed.

    Attributes:
        name: As `load_corruption` takes it; its last word is the unit.
        default: What it is unless told otherwise.
        choices: The words it may be; none for a number.
    """

    name: str
    default: Value
    choices: tuple[str, ...] = ()


def own_settings(corruption: str) -> tuple[OwnSetting, ...]:
    """The settings of the corruption of that name that may be changed, in its order.

    Raises:
        CorruptionError: There is no such corruption.

    >>> [setting.name for setting in own_settings("echo")]
    ['delay_seconds']
    """
    words = _words()
    found = []
    for field in fields(corruptions.get(corruption)):
        if field.name in words:
            found.append(OwnSetting(field.name, str(field.default), words[field.name]))
        elif isinstance(field.default, bool | int | float):
            found.append(OwnSetting(field.name, field.default))
    return tuple(found)


def check_own(corruption: str, settings: Mapping[str, Any]) -> None:
    """Refuse settings that may not be changed.

    Raises:
        CorruptionError: One of them may not; the message names those that may.
    """
    allowed = [setting.name for setting in own_settings(corruption)]
    refused = [name for name in settings if name not in allowed]
    if refused:
        raise CorruptionError(
            f"The setting '{refused[0]}' of '{corruption}' cannot be chosen here. There are: "
            f"{', '.join(allowed) or 'none'}. Use 'xaudio corrupt' for what names a file."
        )


def _words() -> dict[str, tuple[str, ...]]:
    """The settings that are one of a few words, whichever corruption has them."""
    from perturbations.ambience import ambiences
    from perturbations.dynamics import FADE_SHAPES
    from perturbations.telephony.concealment import WAYS
    from perturbations.telephony.telephone import CODERS

    # The eight algorithms of RawBoost (Tak et al. 2022), 1 to 8.
    rawboost = ("lnl", "isd", "ssi", "lnl+isd+ssi", "lnl+isd", "lnl+ssi", "isd+ssi", "lnl|isd")
    return {
        "ambience": ambiences.names(),
        "shape": tuple(FADE_SHAPES),
        "concealment": tuple(WAYS),
        "codec": tuple(CODERS),
        "algorithm": rawboost,
    }

"""Options that say how much an attack may change: three of them, of which one is given."""

from typing import Annotated, Any

import typer

from perturbations.errors import UserError

DEFAULT_SNR_DB = 30.0

Snr = Annotated[
    float | None, typer.Option(help="Budget: clip over perturbation, at least so many dB [30].")
]
Amplitude = Annotated[
    float | None, typer.Option(help="Budget instead: largest change of a sample, up to 2.")
]
Masked = Annotated[
    float | None,
    typer.Option(help="Budget instead: dB above what the clip masks; 0 is inaudible."),
]


def budget_of(snr: float | None, amplitude: float | None, masked: float | None) -> Any:
    """The one budget that was asked for; 30 dB where none was.

    Raises:
        UserError: More than one was given, or one that is out of its range.
    """
    from perturbations.attacks import MaskingBudget, PeakBudget, SnrBudget

    kinds = {"--snr": (snr, SnrBudget), "--amplitude": (amplitude, PeakBudget)}
    kinds["--masked"] = (masked, MaskingBudget)
    asked = {name: (value, kind) for name, (value, kind) in kinds.items() if value is not None}
    if len(asked) > 1:
        raise UserError(f"{' and '.join(asked)} were given; an attack has one budget, give one.")
    for value, kind in asked.values():
        return kind(value)
    return SnrBudget(DEFAULT_SNR_DB)

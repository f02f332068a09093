"""What a certificate measured, as names and values for people."""

from dataclasses import dataclass

from perturbations.certificates import Certificate
from xaudio.reports.quantities import quantity_name, value_text

FACTS = "facts"


@dataclass(frozen=True)
class Figure:
    """One measured quantity in words.

    Attributes:
        name: What it is.
        value: With its unit.
        is_primary: Whether it is what the corruption's severities are made of.
    """

    name: str
    value: str
    is_primary: bool = False


def certificate_figures(certificate: Certificate, primary: str = "") -> tuple[Figure, ...]:
    """All figures that apply, the corruption's own first.

    Args:
        certificate: What was measured.
        primary: See `Corruption.primary`.

    >>> certificate_figures(Certificate(2.0, 1.0, 0.5, 0.0, 0.0, 0.0), "length_ratio")[0]
    Figure(name='length beside clean', value='1', is_primary=True)
    """
    figures = certificate.as_dict()
    facts = figures.pop(FACTS)
    told = {**figures, **facts}
    known = {name: value for name, value in told.items() if value is not None}
    order = sorted(known, key=lambda name: name != primary)
    return tuple(
        Figure(quantity_name(name), _text(name, known[name]), name == primary) for name in order
    )


def _text(name: str, value: float | int | str) -> str:
    return value_text(name, float(value) if isinstance(value, int) else value)

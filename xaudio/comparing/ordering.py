"""Orders in which a comparison can be read."""

from xaudio.comparing.comparison import Comparison


def by_mean_agreement(comparison: Comparison) -> Comparison:
    """Those that agree most with all the others first; what cannot be compared last."""
    means = [comparison.mean_agreement(name) for name in comparison.names]
    return comparison.reordered(_falling(means))


def by_likeness(comparison: Comparison, name: str) -> Comparison:
    """One look first, then the others, the most like it first; what cannot be compared last."""
    first = comparison.names.index(name)
    values = [each.value for each in comparison.agreements[first]]
    order = [place for place in _falling(values) if place != first]
    return comparison.reordered([first, *order])


def _falling(values: list[float | None]) -> list[int]:
    """Places of the values, the largest first, equal ones in their order, None last."""
    return sorted(
        range(len(values)), key=lambda place: (values[place] is None, -(values[place] or 0.0))
    )

"""Names for parts that have none: what they span; every name is given once."""

from collections import Counter
from collections.abc import Sequence

MOST_DECIMALS = 12


def spans(pairs: Sequence[tuple[float, float]], unit: str, decimals: int) -> list[str]:
    """Each pair as ``0.10-0.20 s``, with more decimals where those given would not tell all apart.

    >>> spans([(0.0, 0.1), (0.1, 0.2)], "s", 2)
    ['0.00-0.10 s', '0.10-0.20 s']
    >>> spans([(0.0, 0.001), (0.001, 0.002)], "s", 2)
    ['0.000-0.001 s', '0.001-0.002 s']
    """
    written = [(f"{start:.{decimals}f}", f"{end:.{decimals}f}") for start, end in pairs]
    merged = len(set(written)) < len(set(pairs)) or any(start == end for start, end in written)
    if merged and decimals < MOST_DECIMALS:
        return spans(pairs, unit, decimals + 1)
    return [f"{start}-{end} {unit}" for start, end in written]


def distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number behind those that came before.

    >>> distinct(["the", "cat", "the"])
    ['the', 'cat', 'the (2)']
    """
    seen: Counter[str] = Counter()
    taken, answer = set(names), []
    for name in names:
        seen[name] += 1
        unique = name
        while seen[name] > 1 and unique in taken:
            unique = f"{name} ({seen[name]})"
            seen[name] += unique in taken
        taken.add(unique)
        answer.append(unique)
    return answer

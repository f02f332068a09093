"""Where all of a score went, as rows for people."""

from dataclasses import dataclass

from explainers.explanation import Explanation

SMALL = 1e-3  # of the largest amount


@dataclass(frozen=True)
class LedgerEntry:
    """One amount of the score.

    Attributes:
        name: Where it went: the clip, biases, what was replaced.
        amount: Signed.
    """

    name: str
    amount: float


def ledger_entries(explanation: Explanation) -> list[LedgerEntry]:
    """What of the score went to the clip and what elsewhere, the largest first; they sum to it.

    Amounts below a thousandth of the largest stand together in one row. Empty for methods that
    keep no accounts.

    >>> import numpy as np
    >>> explanation = Explanation(
    ...     relevance=np.array([1.5, 0.5]), domain="waveform", sample_rate=2, seconds=1.0,
    ...     target="spoof", score=-1.0, method="lrp", signed=True, ledger={"biases": -3.0},
    ... )
    >>> [(entry.name, entry.amount) for entry in ledger_entries(explanation)]
    [('biases', -3.0), ('the clip', 2.0)]
    """
    if not explanation.ledger:
        return []
    amounts = {"the clip": explanation.total, **explanation.ledger}
    least = SMALL * max(map(abs, amounts.values()))
    large = [LedgerEntry(name, one) for name, one in amounts.items() if abs(one) >= least]
    small = [one for one in amounts.values() if abs(one) < least]
    rest = [LedgerEntry("smaller amounts, together", sum(small))] if any(small) else []
    return sorted(large, key=lambda entry: -abs(entry.amount)) + rest

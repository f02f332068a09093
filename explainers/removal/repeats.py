"""One game played several times: what differs between them is chance, the fill's included."""

from collections.abc import Sequence

import numpy as np

from explainers.removal.engine import Played
from explainers.removal.game import Estimates

SEEDS_APART = 100_003
"""From one repeat's seed to the next, so that small seeds share no draw."""


def merged(plays: Sequence[Played]) -> Played:
    """The mean of the plays; its standard error from how far they lie apart.

    A single play is left as it is, with the error it tells of itself, which knows nothing of the
    fill's chance.
    """
    if len(plays) == 1:
        return plays[0]
    values = np.stack([one.estimates.values for one in plays])
    fits = [one.estimates.fit for one in plays if one.estimates.fit is not None]
    settled = [one.estimates.settled for one in plays if one.estimates.settled is not None]
    estimates = Estimates(
        values=values.mean(axis=0),
        standard_errors=values.std(axis=0, ddof=1) / np.sqrt(len(plays)),
        fit=float(np.mean(fits)) if fits else None,
        settled=all(settled) if settled else None,
        findings={"repeats": len(plays)},
    )
    return Played(estimates, float(np.mean([one.nothing for one in plays])))

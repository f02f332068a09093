"""What a check of a map found, and what all of them together show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One answer.

    Attributes:
        name: ``learned``, ``agreement``, ``removal``, ``accounts`` or ``stability``.
        claim: What holds if it passes, in a few words: ``it depends on what the model learned``.
        value: What was measured.
        low: Lower end of its interval; `measure` says what kind.
        high: Upper end.
        nothing: What a map that knows nothing would have.
        measure: What the value is, in words.
        passed: Whether the claim is shown.
        sentence: Value, interval and meaning in plain words.
    """

    name: str
    claim: str
    value: float
    low: float
    high: float
    nothing: float
    measure: str
    passed: bool
    sentence: str


@dataclass(frozen=True)
class NotChecked:
    """What could not be asked of this map, and why.

    Attributes:
        name: As of a `Check`.
        claim: What is left open.
        reason: In one sentence.
    """

    name: str
    claim: str
    reason: str


@dataclass(frozen=True)
class Belief:
    """What the checks show together.

    Attributes:
        checks: Those that could be made, in the order they were.
        unchecked: Those that could not.
        seconds: How long it took.
    """

    checks: tuple[Check, ...]
    unchecked: tuple[NotChecked, ...] = ()
    seconds: float = 0.0

    @property
    def shown(self) -> tuple[Check, ...]:
        """The checks that passed."""
        return tuple(check for check in self.checks if check.passed)

    @property
    def sentence(self) -> str:
        """All of it in a few sentences, claiming no more than the checks show."""
        if not self.checks:
            return "No check could be made of this map: nothing is known of it."
        told = [f"{len(self.shown)} of {len(self.checks)} checks hold"]
        told[0] += f": {_listed([check.claim for check in self.shown])}." if self.shown else "."
        failed = [check.claim for check in self.checks if not check.passed]
        if failed:
            told.append(f"Not shown: that {_listed(failed, ' or that ', ', that ')}.")
        if self.unchecked:
            left = [each.claim for each in self.unchecked]
            told.append(f"Not checked: whether {_listed(left, ' or whether ', ', whether ')}.")
        told.append(
            "A map may pass all checks and still leave out what matters."
            if not failed
            else "Read the map with that in mind."
        )
        return " ".join(told)


def _listed(claims: list[str], last: str = " and ", between: str = ", ") -> str:
    """The claims as a list in words.

    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    return last.join([between.join(claims[:-1]), claims[-1]] if len(claims) > 1 else claims)

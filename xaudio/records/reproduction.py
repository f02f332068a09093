"""What making a record again found, comparison by comparison."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["same", "close", "told", "differs"]

MEANINGS = {
    "same": "the same",
    "close": "within the tolerance",
    "told": "does not matter by itself",
    "differs": "DIFFERS",
}


@dataclass(frozen=True)
class Comparison:
    """One thing that was recorded, and what was found now.

    Attributes:
        what: It is: ``score``, ``bytes of the clip``.
        recorded: In the record, as text.
        found: Now, as text.
        difference: How large it is; None where it has no size.
        tolerance: The largest that does not matter; None where there is none.
        outcome: ``same``; ``close``, within the tolerance; ``told``, which by itself does not
            matter (another version, a file that is not there); or ``differs``.
    """

    what: str
    recorded: str
    found: str
    difference: float | None
    tolerance: float | None
    outcome: Outcome

    @property
    def matters(self) -> bool:
        """Whether it is more than the tolerance allows."""
        return self.outcome == "differs"

    @property
    def meaning(self) -> str:
        """The outcome in words."""
        return MEANINGS[self.outcome]

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        size = "" if self.difference is None else f", difference {self.difference:.3g}"
        limit = "" if self.tolerance is None else f" (tolerance {self.tolerance:.3g})"
        return (
            f"{self.what}: recorded {self.recorded}, found {self.found}{size}{limit}: "
            f"{self.meaning}"
        )

    @property
    def row(self) -> tuple[str, ...]:
        """The same as cells of a table: what, recorded, found, difference, tolerance, meaning."""
        numbers = (self.difference, self.tolerance)
        sizes = ("" if number is None else f"{number:.3g}" for number in numbers)
        return (self.what, self.recorded, self.found, *sizes, self.meaning)


@dataclass(frozen=True)
class Reproduction:
    """A record made again.

    Attributes:
        record_sha256: Of the record's file: whoever noted it down can tell the record is the same.
        comparisons: All of them, in the order they were made.
        not_made: What of the record was not made again, and why.
    """

    record_sha256: str
    comparisons: tuple[Comparison, ...]
    not_made: tuple[str, ...] = ()

    @property
    def differences(self) -> tuple[Comparison, ...]:
        """All that is not the same, whether it matters or not."""
        return tuple(each for each in self.comparisons if each.outcome != "same")

    @property
    def worth_a_row(self) -> tuple[Comparison, ...]:
        """All but the files and the versions that are the same: a table is to be read."""
        return tuple(
            each
            for each in self.comparisons
            if each.outcome != "same" or not each.what.startswith(("file ", "version of "))
        )

    @property
    def same(self) -> bool:
        """Whether nothing differs that matters."""
        return not any(each.matters for each in self.comparisons)

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        wrong = [each.what for each in self.comparisons if each.matters]
        if wrong:
            return f"It does not come out the same: {', '.join(wrong)}."
        found = sum(each.outcome == "same" for each in self.comparisons)
        return (
            f"It comes out the same: {found} of {len(self.comparisons)} comparisons without any "
            "difference, the others without one that matters."
            if found < len(self.comparisons)
            else f"It comes out the same in all {found} comparisons."
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "same": self.same,
            "sentence": self.sentence,
            "record_sha256": self.record_sha256,
            "comparisons": [{**asdict(each), "matters": each.matters} for each in self.comparisons],
            "not_made_again": list(self.not_made),
        }

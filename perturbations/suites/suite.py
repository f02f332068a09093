"""What a suite is: a named grid of corruptions and severities."""

from dataclasses import dataclass

from perturbations.corruption import Corruption
from perturbations.errors import CorruptionError


@dataclass(frozen=True)
class Condition:
    """One row of a suite: a corruption, and the severities at which it is met.

    Attributes:
        name: What the row is called, its own within the suite; a corruption may have several rows.
        corruption: With its levels and settings; a `Chain` for several in a row.
        severities: Some or all of the corruption's.
    """

    name: str
    corruption: Corruption
    severities: tuple[int, ...]

    def __post_init__(self) -> None:
        there_are = self.corruption.severities
        each_once = len(set(self.severities)) == len(self.severities) > 0
        if not each_once or not set(self.severities) <= set(there_are):
            raise CorruptionError(
                f"The condition '{self.name}' has the severities {list(self.severities)}; it takes "
                f"one or more of {', '.join(map(str, there_are))}, each once."
            )


@dataclass(frozen=True)
class Suite:
    """Conditions that belong together.

    Attributes:
        name: What the suite is called.
        summary: What it is for, in one line.
        conditions: In the order of the file.
    """

    name: str
    summary: str
    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        names = [condition.name for condition in self.conditions]
        doubled = [name for number, name in enumerate(names) if name in names[:number]]
        if not names or doubled:
            fault = f"two conditions named '{doubled[0]}'" if doubled else "no condition"
            raise CorruptionError(
                f"The suite '{self.name}' has {fault}; give one or more, each with a name of its "
                "own."
            )

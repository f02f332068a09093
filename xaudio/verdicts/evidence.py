"""How strong evidence is, and how sure that is."""

from dataclasses import dataclass

from xaudio.metrics.intervals import Interval


@dataclass(frozen=True)
class Evidence(Interval):
    """A natural log-likelihood ratio with its interval; above zero it speaks for human speech."""

    def __str__(self) -> str:
        """For people.

        >>> print(Evidence(1.88, 1.21, 2.555))
        +1.88 (95 % interval +1.21 to +2.56)
        """
        return f"{self.value:+.2f} (95 % interval {self.low:+.2f} to {self.high:+.2f})"

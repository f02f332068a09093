"""How many waveforms to score at once: found by measurement, and halved when memory is short."""

ENOUGH = 1024
TRIES = 2
GAIN = 1.03
FEWEST = 4


class BatchSize:
    """Doubles as long as that makes a waveform cheaper, and to four at least; then keeps the best.

    From one waveform to two there is often nothing to gain where from two to eight there is much.
    The waveforms it is measured on are those that have to be scored anyway. Each size is tried
    twice, because the first batch of a size pays for what the libraries prepare for it.

    >>> size = BatchSize()
    >>> for rows, seconds in [(1, 0.4), (1, 0.4), (2, 0.9), (2, 0.9), (4, 2.0), (4, 2.0)]:
    ...     size.took(rows, seconds)
    >>> size.current
    1
    """

    def __init__(self, fixed: int = 0) -> None:
        """Start at one waveform, or stay at `fixed` unless memory is short."""
        self.current = fixed or 1
        self._settled = fixed > 0
        self._times: dict[int, list[float]] = {}

    def took(self, rows: int, seconds: float) -> None:
        """Learn from a batch; only whole ones tell."""
        if self._settled or rows != self.current:
            return
        times = self._times.setdefault(rows, [])
        times.append(seconds / rows)
        if len(times) < TRIES:
            return
        before = [min(tried) for size, tried in self._times.items() if size < rows]
        if rows >= FEWEST and min(before) < min(times) * GAIN:
            self._settle()
        elif rows < ENOUGH:
            self.current = 2 * rows
        else:
            self._settled = True

    def ran_out(self, rows: int) -> bool:
        """Take half of what was too much, for good; false where that was one waveform alone."""
        self._settled = True
        self.current = max(1, rows // 2)
        return rows > 1

    def _settle(self) -> None:
        self.current = min(self._times, key=lambda size: min(self._times[size]))
        self._settled = True

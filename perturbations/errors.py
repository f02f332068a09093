"""What goes wrong on this floor, and the base every floor's errors share."""


class UserError(Exception):
    """A fault in what the user gave: says what was given, what was expected, and what to do.

    Commands print its one line and exit with code 2; the dashboard shows the same sentence.
    """


class CorruptionError(UserError):
    """A corruption, its settings or the waveform it was given cannot be used."""

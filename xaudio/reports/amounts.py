"""How much of something there is, in words."""


def counted(number: int, noun: str) -> str:
    """So many of them.

    >>> counted(1, "cell"), counted(1200, "cell")
    ('1 cell', '1,200 cells')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def sound_text(seconds: float) -> str:
    """So much sound.

    >>> sound_text(12.0), sound_text(90.0), sound_text(5400.0)
    ('12 s', '1.5 min', '1.5 h')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:,.1f} h"


def duration(seconds: float) -> str:
    """So many seconds for people.

    >>> duration(1.23), duration(75.0), duration(7500.0), duration(900_000.0)
    ('1.2 s', '1:15', '2:05:00', '10 days 10 h')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

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

"""Places in a long recording as people read them."""


def clock(seconds: float) -> str:
    """Hours, minutes and seconds; tenths where there are any.

    >>> clock(3723.5), clock(62.0), clock(0.3)
    ('1:02:03.5', '1:02', '0:00.3')
    """
    tenths = round(10 * seconds)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    whole, tenth = divmod(rest, 10)
    front = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{front}:{whole:02d}" + (f".{tenth}" if tenth else "")

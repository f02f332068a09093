"""Text of others inside the pages' Markdown: names of files may hold any character."""

import re

_MEANINGFUL = re.compile(r"([\\`*_\[\]()<>$:~#!|])")


def literal(text: str) -> str:
    r"""`text` so that it is shown as it is: no emphasis, formula, link or picture from a name.

    >>> literal("voice_1 *final* [x](http://y).wav")
    'voice\\_1 \\*final\\* \\[x\\]\\(http\\://y\\).wav'
    """
    return _MEANINGFUL.sub(r"\\\1", text)

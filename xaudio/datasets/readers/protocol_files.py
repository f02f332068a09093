"""Protocols among a data set's files, found by the names they were published under."""

import re
from collections.abc import Mapping

from xaudio.datasets.readers.tree import Tree
from xaudio.errors import CorpusError


def named(tree: Tree, pattern: str) -> list[str]:
    """Places of documents whose name is as the pattern says, with or without ``.gz``."""
    wanted = re.compile(rf"(?:.*/)?(?:{pattern})(?:\.gz)?")
    return [place for place in tree.documents if wanted.fullmatch(place)]


def one_per_split(tree: Tree, patterns: Mapping[str, str], what: str) -> dict[str, str]:
    """For each split its protocol's place, where there is one.

    Raises:
        CorpusError: There is none at all, or a split has several.
    """
    found = {split: named(tree, pattern) for split, pattern in patterns.items()}
    for split, places in found.items():
        if len(places) > 1:
            raise CorpusError(
                f"{tree.folder} holds {len(places)} protocols of {what}, part '{split}': "
                f"{', '.join(places)}. Give a folder that holds one."
            )
    if not any(found.values()):
        raise CorpusError(
            f"{tree.folder} holds no protocol of {what}; looked for "
            f"{', '.join(plain(pattern) for pattern in patterns.values())}, also below. Unpack the "
            "protocols there; the audio may stay in tar or zip archives."
        )
    return {split: places[0] for split, places in found.items() if places}


def the_one(tree: Tree, pattern: str, what: str) -> str:
    """The place of the one protocol there is.

    Raises:
        CorpusError: There is none, or there are several.
    """
    return one_per_split(tree, {"all": pattern}, what)["all"]


def plain(pattern: str) -> str:
    r"""A pattern as a person would write the name.

    >>> plain(r"LA\.cm\.(?:train|dev)\.txt")
    'LA.cm.(train|dev).txt'
    """
    return pattern.replace("(?:", "(").replace("\\", "")

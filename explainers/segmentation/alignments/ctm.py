"""Time-marked conversations, as NIST scores and Kaldi writes them."""

from pathlib import Path

from explainers.errors import ExplanationError
from explainers.segmentation.alignments.text import read_text
from explainers.segmentation.alignments.word import Word, number, register_format


@register_format("ctm")
def read_ctm(path: Path, part: str | None) -> list[Word]:
    """Words of one recording, from lines of: recording, channel, start, duration, word.

    All channels are read together, as the clip holds them mixed. What follows the word is left
    unread, and so are comments after ``;;``. Where there are several recordings, `part` says which.
    """
    lines = [
        (line.partition(";;")[0].split(), f"{path}, line {count}")
        for count, line in enumerate(read_text(path).split("\n"), start=1)
    ]
    found = [(cells, place) for cells, place in lines if cells]
    for cells, place in found:
        if len(cells) < 5:
            raise ExplanationError(
                f"{place}: there are {len(cells)} cells; expected recording, channel, start, "
                "duration and word."
            )
    recordings = sorted({cells[0] for cells, _ in found})
    wanted = recordings[0] if part is None and len(recordings) == 1 else part
    if found and wanted not in recordings:
        raise ExplanationError(
            f"{path} holds the recordings {', '.join(recordings[:8])}"
            f"{' and more' if len(recordings) > 8 else ''}; "
            f"{'say which' if part is None else f'there is no {part!r}'}: words:FILE#RECORDING."
        )
    return [_word(cells, place) for cells, place in found if cells[0] == wanted]


def _word(cells: list[str], place: str) -> Word:
    start, duration = number(cells[2], place), number(cells[3], place)
    return Word(cells[4], start, start + duration, place)

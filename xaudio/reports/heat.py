"""Shares as coloured cells of a page: pale to strong on light paper, dim to bright on dark."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from xaudio.reports.html import Html, escape

LEVELS = 16
TOPS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
# The parts of a perceptually uniform map that stay clear of the paper's own colour.
LIGHT_COLOURS, LIGHT_RANGE = "magma_r", (0.0, 0.86)
DARK_COLOURS, DARK_RANGE = "magma", (0.14, 0.97)


def heat_top(shares: Iterable[float | None]) -> float:
    """The share at the end of the scale: the least round one that none exceeds.

    >>> heat_top([0.02, 0.31, None])
    0.5
    """
    largest = max((share for share in shares if share is not None), default=0.0)
    return next((top for top in TOPS if top >= largest), 1.0)


def heat_level(share: float, top: float) -> int:
    """Which of the colours stands for a share.

    >>> heat_level(0.0, 0.5), heat_level(0.5, 0.5), heat_level(0.9, 0.5)
    (0, 15, 15)
    """
    return min(int(max(share, 0.0) / top * LEVELS), LEVELS - 1)


def heat_cell(share: float | None, top: float, text: str, title: str, link: str = "") -> Html:
    """One coloured cell.

    Args:
        share: What is coloured, 0 to 1; None where it is not known.
        top: The share at the end of the scale.
        text: What stands in the cell.
        title: What the pointer and a screen reader are told.
        link: Where it leads on the same page; nowhere if empty.
    """
    level = "" if share is None else f" h{heat_level(share, top)}"
    said = f'class="heat{level}" title="{escape(title)}"'
    if link:
        return Html(f'<a {said} href="#{escape(link)}">{escape(text)}</a>')
    return Html(f"<span {said}>{escape(text)}</span>")


def heat_grid(
    corner: str,
    rows: Sequence[str],
    columns: Sequence[str],
    squares: Mapping[tuple[str, str], Sequence[Html]],
    below: Mapping[tuple[str, str], str] | None = None,
) -> Html:
    """A table of names against names with a strip of coloured cells in each place.

    Args:
        corner: What the rows are.
        rows: Their names.
        columns: Names of the columns.
        squares: Coloured cells by the names of their row and column.
        below: A line in small letters under a strip.
    """
    head = "".join(_name(column, "col") for column in columns)
    lines = []
    for row in rows:
        cells = []
        for column in columns:
            strip = "".join(squares.get((row, column), ()))
            text = (below or {}).get((row, column), "")
            small = f"<small>{escape(text)}</small>" if text else ""
            cells.append(f'<td><div class="strip">{strip}</div>{small}</td>')
        lines.append(f"<tr>{_name(row, 'row')}{''.join(cells)}</tr>")
    return Html(
        f'<div class="scroll"><table class="grid"><thead><tr><th scope="col">{escape(corner)}</th>'
        f"{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _name(name: str, scope: str) -> str:
    return f'<th scope="{scope}" title="{escape(name)}">{escape(name)}</th>'


def heat_scale(top: float, name: str) -> Html:
    """The colours from 0 to `top` with what they stand for."""
    steps = "".join(f'<i class="h{level}"></i>' for level in range(LEVELS))
    return Html(
        f'<p class="heat-scale note">{escape(name)} 0 % <span aria-hidden="true">{steps}</span> '
        f"{100 * top:.0f} %</p>"
    )


def heat_style() -> Html:
    """What coloured cells look like; needed once on a page."""
    light, dark = _rules(LIGHT_COLOURS, LIGHT_RANGE), _rules(DARK_COLOURS, DARK_RANGE)
    return Html(f"<style>{STYLE}{light}@media (prefers-color-scheme: dark){{{dark}}}</style>")


def _rules(colours: str, span: tuple[float, float]) -> str:
    from matplotlib import colormaps

    painted = colormaps[colours](np.linspace(*span, LEVELS))[:, :3]
    return "".join(
        f".h{level}{{background:{_hexadecimal(colour)};color:{_legible_on(colour)}}}"
        for level, colour in enumerate(painted)
    )


def _hexadecimal(colour: np.ndarray) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def _legible_on(colour: np.ndarray) -> str:
    """Black or white, whichever stands out more by WCAG 2's contrast ratio."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return "#fff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000"


STYLE = """
.heat { display: inline-block; min-width: 2.1em; padding: .1rem .25rem; text-align: center;
  font-size: .8rem; line-height: 1.5; font-variant-numeric: tabular-nums; text-decoration: none;
  border: 1px solid transparent; }
a.heat { text-decoration: underline dotted; text-underline-offset: .2em; }
a.heat:hover, a.heat:focus-visible { border-color: var(--ink); }
.heat-scale span { display: inline-block; white-space: nowrap; }
.heat-scale i { display: inline-block; width: .8rem; height: .8rem; vertical-align: -.1rem; }
.strip { display: flex; gap: 1px; }
.grid td, .grid th { padding: .25rem .7rem .25rem 0; white-space: nowrap; }
.grid tbody th { position: sticky; left: 0; background: var(--paper); font-weight: 500;
  max-width: 14rem; overflow: hidden; text-overflow: ellipsis; }
.grid thead th { vertical-align: bottom; max-width: 12rem; overflow: hidden;
  text-overflow: ellipsis; }
.grid small { display: block; color: var(--quiet); font-size: .75rem; }
"""

"""One style for all charts: SVG in the colours of a page, or SVG and PNG files of their own."""

import io
import re
import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

# Okabe and Ito's palette: told apart by everyone, on light and dark paper.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# Seven markers to six colours: 42 pairs before one comes again.
MARKERS = "osD^vPX"
# Drawn in a colour nothing else has, which then becomes the colour of the page's own text.
INK = "#010203"
DASHES = (0, (3, 2))
COLUMNS = 4
PANEL_INCHES = (2.55, 1.75)
LARGE_PANEL_INCHES = (5.1, 3.3)
LEFT, RIGHT, TOP, BOTTOM = 0.62, 0.12, 0.3, 0.5  # margins in inches
BESIDE, BETWEEN = 0.3, 0.72  # between panels, in inches
MARGIN = 0.05  # of the data's span, on each side
PIXELS_PER_INCH = 96
LEAST_WIDTH = 0.72  # of its own size, below which a chart scrolls instead of shrinking
DOTS_PER_INCH = 200

Row = Mapping[str, Any]
Style = Mapping[str, Any]
Name = TypeVar("Name", bound=Hashable)


@contextmanager
def chart_style(name: str = "chart") -> Iterator[None]:
    """Within it charts are drawn and written in the style of the reports.

    Args:
        name: Two charts of one page need two names: the parts inside an SVG are called after it.
    """
    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    settings: dict[Any, Any] = {
        **dict.fromkeys(inks, INK),
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "grid.color": INK,
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "none",
        "svg.hashsalt": name,
    }
    with rc_context(settings):
        yield


def page_svg(figure: Figure, name: str) -> str:
    """A chart as an SVG element that takes on the colour of the text around it.

    Args:
        figure: Drawn within `chart_style`.
        name: As for `chart_style`.
    """
    width = figure.get_size_inches()[0] * PIXELS_PER_INCH
    svg = svg_file(figure, name).decode()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    # Groups of all drawings have the same names, which a page must not have twice.
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    size = f"min-width: {LEAST_WIDTH * width:.0f}px; max-width: {1.25 * width:.0f}px"
    return re.sub(r"^<svg ", f'<svg style="{size}" ', svg)


def svg_file(figure: Figure, name: str) -> bytes:
    """A chart as an SVG file; the same chart gives the same bytes."""
    file = io.BytesIO()
    with chart_style(name), _any_script():
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None})
    return file.getvalue()


def png_file(figure: Figure) -> bytes:
    """A chart as a PNG file on white, 200 dots per inch."""
    file = io.BytesIO()
    with chart_style(), _any_script():
        FigureCanvasAgg(figure)
        figure.savefig(file, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    return file.getvalue()


@contextmanager
def _any_script() -> Iterator[None]:
    """A name in a script the font lacks is no news to the user: browsers have other fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def named_styles(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A colour and a marker for each name, the same two in every chart that has the same names.

    >>> named_styles(["lcnn", "aasist"])["aasist"]
    {'color': '#d55e00', 'marker': 's'}
    """
    return {
        name: {"color": COLOURS[n % len(COLOURS)], "marker": MARKERS[n % len(MARKERS)]}
        for n, name in enumerate(distinct(names))
    }


def curve(
    panel: Axes,
    across: Sequence[float],
    up: Sequence[float | None],
    band: tuple[Sequence[float | None], Sequence[float | None]] | None = None,
    band_strength: float = 0.2,
    **style: Any,
) -> None:
    """A line through the values that are known, over its band where there is one.

    Args:
        panel: What is drawn on.
        across: Where each value lies.
        up: The values; None where unknown.
        band: Their lower and their upper ends.
        band_strength: Opacity of the band.
        style: Of the line.
    """
    places, values = _numbers(across), _numbers(up)
    known = ~np.isnan(values)
    look = {"linewidth": 1.6, "markersize": 4.5, **style}
    panel.plot(places[known], values[known], **look)
    if band is None:
        return
    low, high = map(_numbers, band)
    banded = known & ~np.isnan(low) & ~np.isnan(high)
    edges = places[banded], low[banded], high[banded]
    panel.fill_between(*edges, color=style["color"], alpha=band_strength, linewidth=0)


def _numbers(values: Sequence[float | None]) -> Float[np.ndarray, " points"]:
    """As an array; not a number where nothing is known."""
    return np.array(values, dtype=np.float64)


def small_multiples(
    titles: Sequence[str], draw: Callable[[Axes, str], None], across: str, up: str
) -> tuple[Figure, list[Axes]]:
    """A panel for each title, on common scales, in lines of four.

    Args:
        titles: Of the panels.
        draw: Draws a panel, given its title.
        across: What the horizontal axes say.
        up: What the vertical axes say.
    """
    return _panels(titles, draw, across, up, min(COLUMNS, max(len(titles), 2)), PANEL_INCHES)


def large_multiples(
    titles: Sequence[str], draw: Callable[[Axes, str], None], across: str, up: str
) -> tuple[Figure, list[Axes]]:
    """As `small_multiples`, in lines of two, for panels that hold many points."""
    return _panels(titles, draw, across, up, 2, LARGE_PANEL_INCHES)


def _panels(
    titles: Sequence[str],
    draw: Callable[[Axes, str], None],
    across: str,
    up: str,
    columns: int,
    size: tuple[float, float],
) -> tuple[Figure, list[Axes]]:
    lines = max(1, -(-len(titles) // columns))
    width, height = size
    figure = Figure(figsize=(width * columns + 0.5, (height + 0.25) * lines + 0.4))
    grid = list(figure.subplots(lines, columns, squeeze=False).ravel())
    panels = grid[: len(titles)]
    for unused in grid[len(titles) :]:
        unused.set_visible(False)
    for number, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        panel.set_title(shortened(title), parse_math=False)
        draw(panel, title)
        panel.grid(axis="y", alpha=0.15)
        at_left, at_bottom = number % columns == 0, number + columns >= len(titles)
        panel.tick_params(labelleft=at_left, labelbottom=at_bottom)
        panel.set(xlabel=across if at_bottom else "", ylabel=up if at_left else "")
    _share_limits(panels)
    return figure, panels


def _share_limits(panels: Sequence[Axes]) -> None:
    """All panels from the least to the largest of what any shows; shared axes would be slow."""
    for name in ("x", "y"):
        spans = [getattr(panel.dataLim, f"interval{name}") for panel in panels]
        ends = np.array([span for span in spans if np.isfinite(span).all()])
        if not len(ends):
            continue
        low, high = ends.min(), ends.max()
        margin = MARGIN * (high - low) or 1.0
        for panel in panels:
            panel.set(**{f"{name}lim": (low - margin, high + margin)})


def spread(figure: Figure, above_inches: float = 0.0) -> None:
    """Lay the panels out with margins in inches, many times as fast as a layout engine.

    Args:
        figure: Of `small_multiples`.
        above_inches: What is kept free for a legend.
    """
    width, height = figure.get_size_inches()
    place = figure.axes[0].get_subplotspec()
    assert place is not None
    lines, columns = place.get_gridspec().get_geometry()
    panel_width = (width - LEFT - RIGHT - (columns - 1) * BESIDE) / columns
    panel_height = (height - TOP - BOTTOM - (lines - 1) * BETWEEN) / lines
    height += above_inches
    figure.set_size_inches(width, height)
    figure.subplots_adjust(
        left=LEFT / width,
        right=1 - RIGHT / width,
        bottom=BOTTOM / height,
        top=1 - (above_inches + TOP) / height,
        wspace=BESIDE / panel_width,
        hspace=BETWEEN / panel_height,
    )


def legend(figure: Figure, entries: Mapping[str, Artist]) -> float:
    """The entries above the panels, each name to the letter; gives the inches they take.

    A leading _ hides no name, a $ begins no formula.
    """
    names = list(entries)
    if not names:
        return 0.0
    longest = max(len(shortened(name)) for name in names)
    width = figure.get_size_inches()[0]
    columns = max(1, min(len(names), int((width - 0.3) / (0.075 * longest + 0.6))))
    drawn = figure.legend(
        handles=list(entries.values()),
        labels=[f"{n}" for n in range(len(names))],
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        frameon=False,
        borderaxespad=0.1,
        columnspacing=1.4,
    )
    for text, name in zip(drawn.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(shortened(name))
    return 0.19 * -(-len(names) // columns) + 0.12


def model_handles(styles: Mapping[str, Style]) -> dict[str, Artist]:
    """A line with its marker for each model, for a legend."""
    return {name: Line2D([], [], linewidth=1.6, **style) for name, style in styles.items()}


def severity_axis(panels: Sequence[Axes], severities: Iterable[int]) -> None:
    """Ticks at the severities there are; 0 is called clean."""
    ticks = sorted({0, *severities})
    for panel in panels:
        panel.set_xticks(ticks, ["clean" if tick == 0 else str(tick) for tick in ticks])


def shortened(name: str, most: int = 34) -> str:
    """A name that fits a panel, its middle left out where it is too long.

    >>> shortened("a" * 20 + "b" * 20, 11)
    'aaaaa…bbbbb'
    """
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def distinct(names: Iterable[Name]) -> list[Name]:
    """Each once, in the order of its first appearance."""
    return list(dict.fromkeys(names))

"""Pages that stand alone: plots inline, sound playable, light and dark, nothing from the net.

Every function here takes plain text, which it escapes, or `Html` made by another function here,
which it keeps. A file's name can therefore hold any character without becoming part of the page.
"""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence


class Html(str):
    """Text that is already a piece of a page and is not escaped again."""

    __slots__ = ()


def escape(text: object) -> Html:
    """What `text` looks like on a page; `Html` is left as it is.

    >>> escape("<b>.wav")
    '&lt;b&gt;.wav'
    >>> escape(paragraph("a & b"))
    '<p>a &amp; b</p>'
    """
    return text if isinstance(text, Html) else Html(html.escape(str(text)))


def page(title: str, parts: Iterable[Html], subtitle: str = "") -> Html:
    """A whole page of `parts`, one below the other, that needs nothing beside itself.

    Args:
        title: The page's heading and the browser's title.
        parts: What the page shows, made by the functions of this module.
        subtitle: One line under the heading.
    """
    under = f'<p class="subtitle">{escape(subtitle)}</p>' if subtitle else ""
    return Html(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{escape(title)}</h1>{under}</header>\n"
        + "\n".join(escape(part) for part in parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> Html:
    """A part of the page under a heading of its own."""
    return Html(f"<section><h2>{escape(title)}</h2>{_joined(parts)}</section>")


def subsection(title: str, *parts: str) -> Html:
    """A part of a section under a smaller heading."""
    return Html(f"<section><h3>{escape(title)}</h3>{_joined(parts)}</section>")


def details(summary: str, *parts: str) -> Html:
    """Parts that unfold when `summary` is clicked."""
    return Html(f"<details><summary>{escape(summary)}</summary>{_joined(parts)}</details>")


def columns(*parts: str) -> Html:
    """Parts beside each other, below each other where the window is narrow."""
    cells = "".join(f"<div>{escape(part)}</div>" for part in parts)
    return Html(f'<div class="columns">{cells}</div>')


def paragraph(text: str) -> Html:
    """A paragraph."""
    return Html(f"<p>{escape(text)}</p>")


def note(text: str) -> Html:
    """A remark in smaller, quieter letters."""
    return Html(f'<p class="note">{escape(text)}</p>')


def headline(label: str, detail: str) -> Html:
    """The one thing to see first: a large label with a line below it."""
    return Html(
        f'<div class="headline"><div class="label">{escape(label)}</div>'
        f'<div class="detail">{escape(detail)}</div></div>'
    )


def code(text: str) -> Html:
    """A block of commands or code, as typed."""
    return Html(f"<pre><code>{escape(text)}</code></pre>")


def facts(entries: Mapping[str, object]) -> Html:
    """Names and values below each other."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in entries.items()
    )
    return Html(f'<div class="scroll"><table class="facts"><tbody>{rows}</tbody></table></div>')


def table(header: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> Html:
    """A table; a column of numbers is set flush right.

    >>> "<td>a&lt;b</td>" in table(["clip"], [["a<b"]])
    True
    """
    body = [[escape(cell) for cell in row] for row in rows]
    right = [
        bool(body) and all(_is_number(row[column]) for row in body) for column in range(len(header))
    ]
    align = [' class="number"' if flush else "" for flush in right]
    head = "".join(
        f'<th scope="col"{style}>{escape(name)}</th>'
        for name, style in zip(header, align, strict=True)
    )
    lines = "".join(
        "<tr>"
        + "".join(f"<td{style}>{cell}</td>" for cell, style in zip(row, align, strict=True))
        + "</tr>"
        for row in body
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return Html(
        f'<div class="scroll"><table>{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def picture(png: bytes, alt: str, caption: str = "", dark_png: bytes | None = None) -> Html:
    """An image inside the page.

    Args:
        png: The image as a PNG file.
        alt: What it shows, for those who cannot see it.
        caption: A line below it.
        dark_png: The same image for a dark page; `png` serves both where there is none.
    """
    dark = (
        f'<source media="(prefers-color-scheme: dark)" srcset="{data_uri(dark_png, "image/png")}">'
        if dark_png is not None
        else ""
    )
    image = f'<img src="{data_uri(png, "image/png")}" alt="{escape(alt)}">'
    return Html(f"<figure><picture>{dark}{image}</picture>{_caption(caption)}</figure>")


def drawing(svg: str, alt: str, caption: str = "") -> Html:
    """An SVG element inside the page; `svg` is trusted and goes in as it is."""
    return Html(f'<figure role="img" aria-label="{escape(alt)}">{svg}{_caption(caption)}</figure>')


def audio(wav: bytes, caption: str) -> Html:
    """A sound inside the page, with the browser's own player."""
    return Html(
        f'<figure class="sound"><figcaption>{escape(caption)}</figcaption>'
        f'<audio controls preload="metadata" aria-label="{escape(caption)}" '
        f'src="{data_uri(wav, "audio/wav")}"></audio></figure>'
    )


def data_uri(data: bytes, media_type: str) -> str:
    """`data` as an address that carries its own content.

    >>> data_uri(b"hi", "text/plain")
    'data:text/plain;base64,aGk='
    """
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _joined(parts: Iterable[str]) -> str:
    return "".join(escape(part) for part in parts)


def _caption(text: str) -> str:
    return f"<figcaption>{escape(text)}</figcaption>" if text else ""


def _is_number(cell: str) -> bool:
    first = cell.strip().split(" ")[0].rstrip("%").replace(",", "").replace("−", "-")
    try:
        float(first)
    except ValueError:
        return False
    return True


STYLE = """
:root { --paper: #ffffff; --ink: #1b1f24; --quiet: #5b6470; --line: #d9dee4; --raised: #f5f7f9;
  --accent: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e7eaee; --quiet: #9aa5b1;
  --line: #323941; --raised: #1d2228; --accent: #7db8f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
p { margin: .5rem 0; max-width: 75ch; }
.subtitle, .note, figcaption, caption { color: var(--quiet); }
.note, figcaption, caption { font-size: .875rem; }
caption { text-align: left; padding: .3rem 0; }
.headline { margin: 1.5rem 0; padding: 1rem 1.25rem; background: var(--raised);
  border-left: 5px solid var(--accent); border-radius: 4px; }
.headline .label { font-size: 1.6rem; font-weight: 650; }
.headline .detail { color: var(--quiet); }
.columns { display: grid; gap: 1rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
figure { margin: 1rem 0; }
figure img, figure svg { display: block; width: 100%; height: auto; }
figure.sound { margin: .6rem 0; }
audio { display: block; width: 100%; margin-top: .3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .925rem;
  margin: .6rem 0; }
th, td { padding: .35rem .9rem .35rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 600; }
.facts th { color: var(--quiet); font-weight: 500; white-space: nowrap; }
.facts td { overflow-wrap: anywhere; }
th.number, td.number { text-align: right; }
pre { background: var(--raised); padding: .8rem 1rem; border-radius: 4px; overflow-x: auto;
  font-size: .875rem; }
details { margin: .8rem 0; }
summary { cursor: pointer; color: var(--accent); }
@media print { main { max-width: none; padding: 0; } details { display: block; } }
"""

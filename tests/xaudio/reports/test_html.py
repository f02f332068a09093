import base64
import re

from xaudio.reports import html

HOSTILE = "<script>alert('x')</script>&\"'.wav"


def every_kind_of_part(text: str) -> list[html.Html]:
    return [
        html.section(text, html.subsection(text, text), html.details(text, text)),
        html.columns(text, html.paragraph(text)),
        html.note(text),
        html.headline(text, text),
        html.code(text),
        html.facts({text: text}),
        html.table([text], [[text]], text),
        html.picture(b"png", text, text, dark_png=b"dark"),
        html.drawing("<svg></svg>", text, text),
        html.audio(b"wav", text),
    ]


def test_no_text_becomes_markup():
    page = html.page(HOSTILE, every_kind_of_part(HOSTILE), subtitle=HOSTILE)
    assert "<script" not in page
    assert "alert(&#x27;x&#x27;)" in page


def test_the_page_asks_the_net_for_nothing():
    page = html.page("a", every_kind_of_part("b"))
    addresses = re.findall(r'(?:src|srcset|href)="([^"]*)"', page)
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    assert "http" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_a_part_is_escaped_once():
    assert html.section("t", html.paragraph("a & b")) == (
        "<section><h2>t</h2><p>a &amp; b</p></section>"
    )


def test_sound_and_picture_travel_inside_the_page():
    page = html.page("a", [html.audio(b"sound", "s"), html.picture(b"day", "p", dark_png=b"night")])
    carried = [base64.b64decode(data) for data in re.findall(r'base64,([^"]+)"', page)]
    assert carried == [b"sound", b"night", b"day"]
    assert 'media="(prefers-color-scheme: dark)"' in page


def test_only_columns_of_numbers_are_flush_right():
    table = html.table(["clip", "EER"], [["a", "3.5 %"], ["7", "1,200"]])
    assert '<th scope="col">clip</th><th scope="col" class="number">EER</th>' in table
    assert "<td>7</td>" in table


def test_the_page_is_well_formed():
    from html.parser import HTMLParser

    class Balance(HTMLParser):
        open: list[str]

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img", "source", "br"):
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    parser = Balance()
    parser.open = []
    parser.feed(html.page("a", every_kind_of_part(HOSTILE)))
    assert parser.open == []

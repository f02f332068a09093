import re
from html.parser import HTMLParser

import pyarrow as pa

from tests.xaudio.reports.sweep_rows import conditions, failures
from xaudio.reports.sweep_report import interval_text, sweep_report


class Cells(HTMLParser):
    """The text of every table row, and every address on the page."""

    def __init__(self):
        super().__init__()
        self.rows, self.addresses, self._inside = [], [], False

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        self._inside = tag in ("td", "th")
        if self._inside:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.rows[-1][-1] += data


def read(page):
    cells = Cells()
    cells.feed(page)
    return cells


def report(rows, failed=0, **text):
    return sweep_report(pa.Table.from_pylist(rows), failures(failed, **text))


def test_every_condition_is_a_row():
    rows = conditions(models=("lcnn", "aasist"))
    cells = read(report(rows))
    assert ["lcnn", "mp3", "3", "bitrate_kbps 61", "60", "0"] in [row[:6] for row in cells.rows]
    (found,) = [row for row in cells.rows if row[:3] == ["aasist", "echo", "5"]]
    words = [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in found[6:]]
    assert words == ["32.0 %", "31.0 to 34.0", "55.0 %", "5.0 %", "20.0 %", "-2.5"]
    assert sum(len(row) == 12 for row in cells.rows) == len(rows) + 1


def test_says_what_is_refitted_and_what_is_fixed():
    page = report(conditions())
    assert "re-fitted under each condition" in page
    assert "threshold fixed on clean clips" in page
    assert page.count("<svg") == 2


def test_needs_nothing_beside_itself():
    page = report(conditions(), failed=3)
    outside = [address for address in read(page).addresses if not address.startswith("#")]
    assert outside == []
    assert not re.search(r"@import|url\(\s*['\"]?http|<script", page)


def test_failures_are_listed_and_cannot_become_markup():
    page = report(conditions(), failed=250, clip="<script>alert(1)</script>")
    assert "250 scores of 250 clips are missing" in page
    assert "50 more are in the sweep" in page
    assert "<script>" not in page
    assert "Failed</h2>" not in report(conditions())


def test_model_names_cannot_become_markup():
    page = report(conditions(models=("<b>$x$</b>",)))
    assert "<b>" not in page


def test_clean_alone_has_no_curves():
    page = report(conditions(corruptions=()))
    assert "<svg" not in page
    assert "EER 5.0 % [4.0, 7.0] over 60 clips" in page


def test_what_is_not_known_is_a_dash():
    unknown = {name: None for name, value in conditions()[0].items() if isinstance(value, float)}
    rows = [row | unknown for row in conditions()]
    schema = pa.Table.from_pylist(conditions()).schema
    page = sweep_report(pa.Table.from_pylist(rows, schema=schema), failures(0))
    assert "None" not in page
    assert "nan" not in page
    assert interval_text(unknown) == "–"

"""A page as a strict reader sees it: every tag closed, every table cell, every address."""

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "source", "input"}


class Reader(HTMLParser):
    """Fails on a tag that is closed and was not open, or the other way round."""

    def __init__(self):
        super().__init__()
        self.open, self.rows, self.addresses, self.ids, self.links = [], [], [], [], []
        self.titles, self.text = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.titles += [given["title"]] if "title" in given else []
        self.addresses += [given[name] for name in ("src", "href", "srcset") if name in given]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data.replace("\N{NO-BREAK SPACE}", " ")


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open, f"never closed: {reader.open}"
    return reader

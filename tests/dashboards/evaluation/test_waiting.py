import sys
import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.panels import waiting
from tests.dashboards.evaluation import waiting_page

PATIENCE = 30


def run_page():
    from tests.dashboards.evaluation.waiting_page import page

    page()


@pytest.fixture(autouse=True)
def gates(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py", "--device", "cpu"])
    monkeypatch.setattr(waiting, "AT_ONCE", 0.2)
    waiting_page.GATES.clear()
    yield waiting_page.GATES
    for gate in waiting_page.GATES.values():
        gate.set()


def page_asking(name):
    page = AppTest.from_function(run_page, default_timeout=PATIENCE)
    page.query_params["ask"] = name
    return page


def said(page):
    return [each.value for each in page.markdown]


def progress_of(page):
    return [each.proto.text for each in page.get("progress")]


def button(page, label):
    return next(each for each in page.button if each.label == label)


def test_an_answer_that_is_there_is_shown_in_the_same_run():
    page = page_asking("at once").run()
    assert not page.exception and said(page) == ["the answer to at once"]
    assert not progress_of(page)


def test_a_long_one_shows_how_far_it_is_and_what_can_be_seen_meanwhile(gates):
    gate = gates["long"] = threading.Event()
    page = page_asking("long").run()
    assert not page.exception and said(page) == ["meanwhile"]
    assert progress_of(page) == [r"Explaining\: 25%"] and button(page, "Cancel")
    gate.set()
    time.sleep(0.1)
    page.run()
    assert said(page) == ["the answer to long"] and not progress_of(page)


def test_cancel_stops_the_work_and_ask_again_begins_it_anew(gates):
    gate = gates["cancelled"] = threading.Event()
    page = page_asking("cancelled").run()
    button(page, "Cancel").click().run()
    assert not page.exception and [each.value for each in page.info] == [
        "Stopped before it was done."
    ]
    gate.set()
    button(page, "Ask again").click().run()
    assert said(page) == ["the answer to cancelled"] and not page.info


def test_a_button_that_asks_anew_does_so(gates):
    gate = gates["anew"] = threading.Event()
    page = page_asking("anew").run()
    button(page, "Cancel").click().run()
    gate.set()
    button(page, "Explain").click().run()
    assert said(page) == ["the answer to anew"]


def test_a_failure_is_raised_where_the_page_asked():
    page = page_asking("wrong").run()
    assert not page.exception and page.error[0].value == "'x' is silent."


def test_side_by_side_the_page_goes_on(gates):
    gate = gates["side by side 1"] = threading.Event()
    page = page_asking("side by side").run()
    assert said(page)[0] == "side by side 1: None" and progress_of(page)
    gate.set()
    time.sleep(0.2)
    page.run()
    assert said(page) == [f"side by side {n}: the answer to side by side {n}" for n in (1, 2)]


def test_a_name_in_the_words_is_no_markup():
    job = waiting.Ticket(waiting_job("Explaining *x*.wav"), "anna")
    assert waiting._told(job) == r"Explaining \*x\*.wav ..."


def waiting_job(what):
    from dashboards.evaluation.jobs import Job

    return Job(what, lambda _: None)

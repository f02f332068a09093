"""The wiring of Run: what is chosen becomes a command, the estimate first, and a run is watched."""

import json
import sys
import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboards
from dashboards.panels import waiting
from dashboards.runs import starting
from tests.dashboards.recordings import MODEL
from tests.dashboards.sweeps import corpus
from xaudio.jobs import running
from xaudio.jobs.errors import JobError
from xaudio.jobs.job import JobFolder, jobs_in
from xaudio.jobs.running import kill
from xaudio.jobs.state import state_of

PATIENCE = 60
APP = str(Path(dashboards.__file__).parent / "app.py")
SWEEP_TAKES = {
    "wall_seconds": 75.0, "disk_bytes": 2.5 * 2**20, "rows": 1200, "clips": 8, "cells": 40,
    "audio_seconds": 90.0, "workers": 2, "failing": {"mp3": "no codec"},
}  # fmt: skip
BATCH_TAKES = {
    "wall_seconds": 5.0, "disk_bytes": 1e6, "waiting": 8, "clips": 8, "failing": {},
    "seconds_each": {"lrp": 0.6},
}  # fmt: skip


@pytest.fixture
def place(tmp_path):
    corpus(tmp_path / "corpus")
    return tmp_path


@pytest.fixture
def page(place, monkeypatch):
    """Run, in front of commands that count instead of working."""
    words = ["app.py", "--folder", str(place / "corpus"), "--runs", str(place / "runs")]
    (place / "runs").mkdir()
    monkeypatch.setattr(sys, "argv", [*words, "--model", MODEL])
    monkeypatch.setattr(waiting, "AT_ONCE", float(PATIENCE))
    monkeypatch.setattr(running, "PERFORMER", "tests.xaudio.jobs.stand_in")
    monkeypatch.setattr(starting, "words_of", lambda request, out: ("count", str(out)))
    monkeypatch.setattr("xaudio.jobs.preparing.words_of", lambda request, out: ("count", str(out)))
    st.cache_resource.clear()
    started = AppTest.from_file(APP, default_timeout=PATIENCE)
    started.run()
    started.switch_page("views/run.py")
    yield settled(started)
    for job in jobs_in(place / "runs"):
        kill(job.folder)


def settled(page):
    page.run()
    assert not page.exception
    return page


def said(page):
    found = [*page.markdown, *page.caption, *page.warning]
    return " ".join(element.value for element in found).replace("\\", "")


def press(page, label):
    (button,) = [each for each in page.button if each.label == label]
    button.click()
    return settled(page)


def labels(page):
    return [button.label for button in page.button]


@pytest.fixture
def asked(monkeypatch):
    """What was estimated."""
    requests = []

    def estimated(request, progress):
        requests.append(request)
        return BATCH_TAKES if hasattr(request, "source") else SWEEP_TAKES

    monkeypatch.setattr(starting, "estimated", estimated)
    return requests


def test_the_estimate_comes_first(page, asked, place):
    assert "Start" not in labels(page)
    page.multiselect(key="run-severities").set_value([1, 5])
    press(page, "Estimate")
    (request,) = asked
    assert request.manifest == place / "corpus" / "manifest.parquet"
    assert (request.suite, request.corruptions) == ("deepfake-16", ())
    assert request.severities == (1, 5)
    assert [model.name for model in request.models] == ["lcnn"]
    assert [metric.value for metric in page.metric] == ["about 1:15", "2.5 MiB", "1,200"]
    assert "mp3: no codec" in said(page)
    assert "Start" in labels(page)
    page.multiselect(key="run-severities").set_value([1])
    settled(page)
    assert "Start" not in labels(page), "another run has another estimate"


def test_a_run_is_started_watched_stopped_and_gone_on_with(page, asked, place):
    press(page, "Estimate")
    page.text_input(key="run-name-sweep").set_value("my first")
    press(page, "Start")
    folder = place / "runs" / "my first"
    wait_until(lambda: state_of(folder).name == "running")
    assert json.loads((folder / "job" / "asked.json").read_text())["kind"] == "sweep"
    settled(page)
    assert "**my first** · running" in said(page)
    press(page, "Cancel")
    wait_until(lambda: state_of(folder).name == "cancelled")
    settled(page)
    assert "cancelled; what was finished is kept" in said(page)
    press(page, "Go on")
    wait_until(lambda: state_of(folder).name == "running")
    (folder / "enough").touch()
    wait_until(lambda: state_of(folder).name == "finished")
    settled(page)
    assert "**my first** · finished" in said(page) and "Cancel" not in labels(page)


def test_a_second_page_sees_the_same_runs(page, asked, place):
    press(page, "Estimate")
    press(page, "Start")
    wait_until(lambda: state_of(place / "runs" / "sweep-1").name == "running")
    other = AppTest.from_file(APP, default_timeout=PATIENCE)
    other.run()
    other.switch_page("views/run.py")
    settled(other)
    assert "**sweep-1** · running" in said(other)


@pytest.mark.parametrize("name", ["../outside", ".hidden", ""])
def test_a_run_cannot_be_named_out_of_its_folder(page, asked, place, name):
    press(page, "Estimate")
    page.text_input(key="run-name-sweep").set_value(name)
    press(page, "Start")
    assert "cannot be named" in page.error[0].value
    assert not jobs_in(place / "runs") and not (place / "outside").exists()


def test_corruptions_one_by_one(page, asked):
    page.segmented_control(key="run-corruptions").set_value("One by one")
    settled(page)
    assert page.button(key="estimate").disabled, "none is chosen yet"
    page.multiselect(key="run-which").set_value(["mp3", "opus"])
    settled(page)
    press(page, "Estimate")
    assert (asked[0].suite, asked[0].corruptions) == ("", ("mp3", "opus"))


def test_a_batch_of_explanations(page, asked, place):
    page.segmented_control(key="run-kind").set_value("Batch of explanations")
    settled(page)
    page.selectbox(key="run-model").set_value(MODEL)
    settled(page)
    page.selectbox(key="run-batch-clips").set_value("corpus/audio")
    page.multiselect(key="run-methods").set_value(["occlusion"])
    settled(page)
    press(page, "Estimate")
    (request,) = asked
    assert request.source == place / "corpus" / "audio" and request.methods == ("occlusion",)
    assert request.model.name == MODEL
    assert page.metric[2].value == "8"
    press(page, "Start")
    wait_until(lambda: state_of(place / "runs" / "explanations-1").name == "running")
    assert JobFolder(place / "runs" / "explanations-1").job().kind == "explanations"


def test_what_the_command_refuses_is_a_sentence(page, monkeypatch):
    def refused(request, progress):
        raise JobError("'lcnn' tells apart other labels.")

    monkeypatch.setattr(starting, "estimated", refused)
    press(page, "Estimate")
    assert "tells apart other labels" in page.error[0].value and "Start" not in labels(page)


def test_without_a_folder_of_runs_nothing_is_offered(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py"])
    st.cache_resource.clear()
    page = AppTest.from_file(APP, default_timeout=PATIENCE)
    page.run()
    page.switch_page("views/run.py")
    settled(page)
    assert "--runs FOLDER" in said(page) and not page.button


def wait_until(is_so):
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)

"""The wiring of Corrupt: the slider moves the score, and all else follows."""

import pytest

from perturbations.corruption import corruptions, load_corruption
from tests.dashboards.recordings import MODEL
from tests.dashboards.views.asking import address, metrics, opened, said, settled, viewers
from tests.xaudio.clips import RATE
from tests.xaudio.tiny import HighBandDetector
from xaudio.classifiers import Classifier
from xaudio.trying import tried


@pytest.fixture
def page(tmp_path, monkeypatch):
    def open_page(**said):
        return opened("corrupt.py", tmp_path, monkeypatch, **said)

    return open_page


def severity(page, value):
    page.select_slider(key="severity").set_value(value)
    return settled(page)


def expected(tmp_path, corruption, level, **more):
    from xaudio.audio import read_clip

    clip = read_clip(tmp_path / "audio" / "hybrid.wav")
    detector = Classifier(HighBandDetector(), "high", RATE, HighBandDetector.labels)
    return tried(clip, detector, corruption, level, **more)


def test_the_slider_moves_the_score_and_everything_follows(page, tmp_path):
    shown = page(corruption="low-pass", severity="1", method="input-x-gradient")
    assert not shown.error and shown.header[0].value == "hybrid.wav"
    for level in ("1", "5", "0"):
        severity(shown, level)
        wanted = expected(tmp_path, load_corruption("low-pass"), int(level))
        numbers = metrics(shown)
        assert numbers[f"Corrupted: {wanted.after.score:.2f}"] == wanted.after.label
        assert numbers[f"Clean: {wanted.before.score:.2f}"] == "spoof"
        assert address(shown, "severity") == [level]
        assert len(viewers(shown)) == 1 and shown.get("plotly_chart")
        assert ("The decision flips: spoof becomes bonafide" in said(shown)) == (level != "0")
    assert "Flips from spoof to bonafide at severity 1 (cutoff 4,000" in said(shown)


def test_the_certificate_the_explanation_and_the_way_are_there(page, tmp_path):
    shown = page(corruption="white-noise", severity="2", method="input-x-gradient")
    table = shown.dataframe[0].value
    assert table["what"][0] == "SNR" and table["value"][0].startswith("30")
    assert "the explanations agree by" in said(shown)
    assert {"Rank correlation", "Top tenth shared"} <= set(metrics(shown))
    command = shown.code[0].value
    assert (
        command == "xaudio corrupt hybrid.wav --corruption white-noise --severity 2 --certificate"
    )
    assert [each.proto.label for each in shown.get("download_button")] == [
        "Export sound and certificate"
    ]
    assert len(shown.get("image") or shown.get("imgs")) == 3


def test_every_corruption_is_on_offer_and_a_suites_rows(page):
    shown = page(explain="no")
    assert list(shown.selectbox(key="corruption").options) == list(corruptions.names())
    shown.selectbox(key="suite").set_value("telephony")
    settled(shown)
    row = shown.selectbox(key="corruption")
    assert "mobile-to-fixed-line" in row.options and not shown.error
    row.set_value("mobile-to-fixed-line")
    settled(shown)
    assert not shown.error and "--suite" in shown.code[0].value
    assert address(shown, "suite") == ["telephony"]
    assert address(shown, "corruption") == ["mobile-to-fixed-line"]


def test_a_link_brings_suite_chain_settings_draw_and_threshold(page, tmp_path):
    shown = page(
        **{"corruption": "echo", "severity": "4", "repeat": "3", "threshold": "-1.5"},
        **{"corrupt.set": "delay_seconds=0.25", "then": ["white-noise"], "explain": "no"},
    )
    assert not shown.error and "explanations agree" not in said(shown)
    from xaudio.trying import ChosenCorruption

    chosen = ChosenCorruption("echo", "", (("delay_seconds", 0.25),), ("white-noise",))
    condition = chosen.condition()
    wanted = expected(tmp_path, condition.corruption, 4, repeat=3, threshold=-1.5)
    assert f"Corrupted: {wanted.after.score:.2f}" in metrics(shown)
    assert "The threshold is -1.50" in said(shown)
    assert address(shown, "then") == ["white-noise"]
    assert address(shown, "corrupt.set") == ["delay_seconds=0.25"]
    assert "echo+white-noise.yaml" in shown.code[0].value


@pytest.mark.parametrize(
    "asked",
    [
        {"corrupt.set": ["folder=/etc", "ambience=/etc"], "corruption": "background-noise"},
        {"suite": "/etc/passwd", "corruption": "mp3"},
        {"severity": "99", "repeat": "-4", "threshold": "NaN", "corruption": "mp3"},
        {"corrupt.set": "delay_seconds=Infinity", "corruption": "echo"},
    ],
    ids=["folder", "suite", "numbers", "infinite"],
)
def test_an_address_can_ask_for_nothing_that_the_page_does_not_offer(page, asked):
    shown = page(**asked, explain="no")
    assert not shown.error and metrics(shown)
    assert "etc" not in said(shown)


def test_a_setting_out_of_its_range_is_a_sentence(page):
    shown = page(corruption="echo", explain="no")
    shown.number_input(key="corrupt.echo.delay_seconds").set_value(-1.0)
    settled(shown)
    assert "must be above 0" in shown.error[0].value and not shown.metric
    shown.number_input(key="corrupt.echo.delay_seconds").set_value(0.2)
    settled(shown)
    assert not shown.error and shown.metric


def test_a_method_of_the_whole_voice_is_a_sentence_and_the_rest_stays(page):
    shown = page(corruption="mp3", method="voice")
    assert "explains the whole voice" in shown.error[0].value
    assert shown.metric and len(viewers(shown)) == 1 and shown.get("plotly_chart")


def test_repeats_show_the_spread_of_what_is_random(page):
    shown = page(corruption="white-noise", explain="no", model=MODEL)
    shown.segmented_control(key="repeats").set_value(5)
    settled(shown)
    assert not shown.error
    chart = shown.get("plotly_chart")[0].proto.spec
    assert "draw 4" in chart
    shown.selectbox(key="corruption").set_value("mp3")
    settled(shown)
    assert "repeats" not in [each.key for each in shown.segmented_control]


def test_without_a_clip_the_page_says_what_it_is_for(page):
    shown = page(clip="0000000000000000")
    assert "Choose a clip on the left" in said(shown) and not shown.metric

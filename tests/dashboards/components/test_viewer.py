"""What goes to the browser and what is made of what comes back, without one."""

import json
import zlib

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.audio_viewer.message import message
from tests.dashboards.components.page import RATE, made, scene

PATIENCE = 60
TOLD = {"cursor": 1.25, "visible": [0.5, 2.5], "region": None, "sound": "The rest"}


def run(**view):
    """The page after the browser said so."""

    def script():
        import streamlit as st

        from tests.dashboards.components import page

        if "said" in st.session_state and "viewer" not in st.session_state:
            st.session_state["viewer"] = {"view": st.session_state["said"]}
        page.page()

    started = AppTest.from_function(script, default_timeout=PATIENCE)
    if view:
        started.session_state["said"] = view
    found = started.run()
    assert not found.exception and not found.error
    return found


def told(found):
    return json.loads(found.code[0].value)


def sent(found):
    """What the browser gets."""
    return json.loads(found.get("bidi_component")[0].proto.json)


def same_clip(**view):
    return {**TOLD, "identity": scene(4.0, ("lrp",)).identity, **view}


def test_at_first_all_of_the_clip_is_seen():
    state = told(run())
    assert state == {"cursor": 0, "visible": [0, 4], "sound": "Original", "region": None}


def test_what_the_browser_says_arrives():
    region = [0.5, 0.75, 1000.0, 2000.0]
    assert told(run(**same_clip(region=region))) == {**TOLD, "region": region}


def test_what_it_said_about_another_clip_does_not():
    assert told(run(**same_clip(identity="another")))["cursor"] == 0


@pytest.mark.parametrize(
    "nonsense",
    [
        {"cursor": "soon"},
        {"visible": [1]},
        {"visible": None},
        {"region": [2.0, 1.0, 0.0, 100.0]},
        {"region": [0.0, float("nan"), 0.0, 100.0]},
        {"region": "all"},
    ],
)
def test_nonsense_is_as_if_nothing_was_said(nonsense):
    assert told(run(**same_clip(**nonsense)))["visible"] == [0, 4]


def test_a_sound_that_is_gone_is_not_chosen():
    assert told(run(**same_clip(sound="gone")))["sound"] == "Original"


def test_a_tile_is_made_when_asked_for():
    tile = sent(run(**same_clip(wanted={"sound": "The rest", "start": 1.0, "end": 1.5})))["tile"]
    assert (tile["sound"], tile["asked"]) == ("The rest", [1.0, 1.5])
    assert (tile["start"], tile["end"]) == pytest.approx((1.0, 1.5))
    assert tile["columns"] <= 2048 and tile["rows"] <= 320


@pytest.mark.parametrize(
    "wanted",
    [
        {"sound": "gone", "start": 0.0, "end": 1.0},
        {"sound": "Original", "start": 5.0, "end": 6.0},
        {"sound": "Original", "start": "a", "end": 6.0},
        {"sound": "Original", "start": float("inf"), "end": 6.0},
        {"sound": "Original"},
        [],
        7,
    ],
)
def test_a_tile_that_cannot_be_made_is_none(wanted):
    assert sent(run(**same_clip(wanted=wanted)))["tile"] is None


def test_the_message_is_small_and_its_files_hold_what_it_says():
    files = {}

    def serve(item, data, media_type):
        files[item] = data, media_type
        return f"/media/{item}"

    shown = scene(4.0, ("lrp",))
    found = message(shown, serve)
    assert len(json.dumps(found)) < 12_000
    layer = found["sounds"][0]["spectrogram"]
    cells = zlib.decompress(files[layer["file"].removeprefix("/media/")][0])
    assert len(cells) == layer["rows"] * layer["columns"]
    values = layer["lowest"] + np.frombuffer(cells, np.uint8) * layer["step"]
    assert np.array_equal(values, shown.sounds[0].spectrogram.values.ravel())
    assert found["nyquist"] == RATE / 2 and found["seconds"] == made(4.0).seconds
    assert [sound["name"] for sound in found["sounds"]][:2] == ["Original", "Relevant part"]
    assert files["sound 0"][1] == "audio/flac"
    assert found["lanes"][0]["stretches"] == [[0.5, 1.3, "synthetic"]]

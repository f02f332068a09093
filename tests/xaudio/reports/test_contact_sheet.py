import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.xaudio.reports.test_html import HOSTILE
from xaudio.reports import contact_sheet as sheet
from xaudio.reports.contact_sheet import Missing, SheetRow, Version

RATE = 16_000
FIGURES = {"seconds": 2.0, "snr_db": 20.03, "highest_hz": 2400.0, "pesq": None, "lost_share": 0.25}


def version(heading="severity 1", name="a.wav", **changed):
    return Version(heading, {"cutoff_hz": 2400.0}, FIGURES | changed, b"png", 0.5, b"mp3", name)


def page(*rows):
    return sheet.contact_sheet("voice.wav", "Some.", version("clean", ""), rows, "MP3 copies.")


def test_a_row_per_condition_and_a_cell_per_severity():
    cells = [version(f"severity {number}", f"v{number}.wav") for number in (1, 2, 3)]
    made = page(SheetRow("low-pass", "Takes away.", "highest_hz", cells))
    assert made.count("<h2>low-pass</h2>") == 1
    assert re.findall(r"<h3>(.*?)</h3>", made) == ["severity 1", "severity 2", "severity 3"]
    assert re.findall(r'href="\./(.*?)"', made) == ["v1.wav", "v2.wav", "v3.wav"]
    assert 'href="#condition-0"' in made and 'id="condition-0"' in made
    assert "cutoff 2,400\N{NO-BREAK SPACE}Hz" in made
    assert made.index("band up to <strong>2,400") < made.index("SNR <strong>20\N{NO-BREAK SPACE}dB")


def test_everything_is_named_for_those_who_cannot_see_it():
    made = page(SheetRow("low-pass", "Takes away.", "highest_hz", [version("severity 3")]))
    images, players = re.findall(r"<img[^>]*>", made), re.findall(r"<audio[^>]*>", made)
    assert len(images) == len(players) == 2
    assert 'alt="Spectrogram: low-pass, severity 3, 2.00 s"' in images[1]
    assert all("controls" in player for player in players)
    assert 'aria-label="Listen: low-pass, severity 3"' in players[1]


def test_sound_and_picture_are_inside_and_nothing_is_asked_of_the_net():
    made = page(SheetRow("low-pass", "Takes away.", "highest_hz", [version()]))
    carried = {base64.b64decode(data) for data in re.findall(r'base64,([^"]+)"', made)}
    assert carried == {b"png", b"mp3"}
    assert "http" not in made
    assert "<script" not in made


def test_what_could_not_be_made_says_why():
    row = SheetRow("room", "A room.", "snr_db", [Missing("severity 1", "It is too <short>.")])
    made = page(row)
    assert "It is too &lt;short&gt;." in made
    assert "All figures" not in made


def test_no_name_becomes_markup():
    row = SheetRow(HOSTILE, HOSTILE, "snr_db", [version(HOSTILE, HOSTILE, file=HOSTILE)])
    made = sheet.contact_sheet(HOSTILE, HOSTILE, version(), [row], HOSTILE)
    assert "<script" not in made
    assert "<script" not in sheet.sheet_list(HOSTILE, HOSTILE, {HOSTILE: HOSTILE})


def test_all_figures_stand_in_the_table_but_those_nobody_has():
    row = SheetRow("low-pass", "", "snr_db", [version(), version("severity 2", snr_db=-3.25)])
    table = page(row).split("All figures")[1]
    assert "asked: cutoff" in table
    assert "lost share" in table and "25\N{NO-BREAK SPACE}%" in table
    assert "-3.25\N{NO-BREAK SPACE}dB" in table
    assert "PESQ" not in table


def shown(samples, **wanted):
    settings = {"seconds_per_column": 0.01, "loudest_db": 0.0} | wanted
    data = sheet.thumbnail(samples, RATE, **settings)
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(float)


def test_a_thumbnail_is_as_wide_as_its_clip_is_long():
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert shown(noise).shape == (80, 100)
    assert shown(noise[:8000]).shape == (80, 50)
    assert shown(np.tile(noise, 30)).shape[1] <= sheet.MOST_COLUMNS


@pytest.mark.parametrize("hertz", [500, 4000, 7500])
def test_a_tone_lies_at_its_height(hertz):
    tone = np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE).astype(np.float32)
    brightest = shown(tone)[:, 50].argmax()
    assert brightest == pytest.approx(80 - hertz / 8000 * 80, abs=1)


def test_levels_share_one_scale():
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    assert shown(tone).max() > shown(0.1 * tone).max() > shown(0.1 * tone, loudest_db=20.0).max()
    assert shown(1e-5 * tone).max() == shown(0 * tone).max()


def test_rows_are_means_of_their_neighbours():
    assert sheet.fewer_rows(np.array([[1.0], [3.0], [5.0], [6.0]]), 2).tolist() == [[2.0], [5.5]]
    assert sheet.fewer_rows(np.array([[1.0], [3.0]]), 5).tolist() == [[1.0], [3.0]]

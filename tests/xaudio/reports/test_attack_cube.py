from tests.xaudio.reports.reading import read
from tests.xaudio.reports.sweep_rows import attacks, conditions, flips
from xaudio.reports.attack_cube import attack_cube


def cube(flipped=(), rows=None):
    return "".join(attack_cube(attacks(conditions() if rows is None else rows), flipped))


def test_a_grid_per_codec_and_a_square_per_attack_and_severity():
    seen = read(cube())
    assert sum("Corruption" in row for row in seen.rows) == 2
    assert len(seen.titles) >= 2 * 3 * 7
    assert (
        "A07, mp3, severity 5: 40.0\xa0%\xa0[29.0,\xa043.0] of 20 clips decided wrongly, "
        "10.0\xa0% otherwise than when clean"
    ) in seen.titles
    assert ["Corruption", "bona fide", "A07", "A08"] in seen.rows
    assert ["mp3", "102030", "203040", "304050"] in seen.rows


def test_a_square_leads_to_the_clips_that_flipped_there_and_no_other_does():
    page = cube([flips(), flips(clip="other", attack=None, label="bonafide", codec="none")])
    seen = read(page)
    assert seen.addresses == ["#flips-0", "#flips-1"]
    assert seen.ids == ["flips-0", "flips-1"]
    before, _ = page.split('href="#flips-0"')
    assert 'title="A07, mp3, severity 5' in before[-150:]


def test_a_flip_is_told_with_both_scores_both_decisions_and_the_threshold():
    seen = read(cube([flips()]))
    assert ["clip-7", "spoof", "-1.25", "spoof", "+0.75", "bona fide"] in seen.rows
    assert any("from +0.30, the threshold" in text for text in seen.text)
    classified = read(cube([flips(threshold=None, decision=None, clean_decision="siren")]))
    assert ["clip-7", "spoof", "-1.25", "siren", "+0.75", "nothing"] in classified.rows


def test_five_clips_of_a_cell_are_listed():
    page = cube([flips(clip=f"clip-{n}") for n in range(9)])
    assert [n for n in range(9) if f">clip-{n}<" in page] == [0, 1, 2, 3, 4]


def test_only_clips_with_sound_have_players():
    page = cube([flips(clean=b"RIFF1", corrupted=b"RIFF2"), flips(corruption="echo")])
    assert page.count("<audio") == 2
    assert page.count('class="flips heard"') == 1
    assert page.count('class="flips"') == 1

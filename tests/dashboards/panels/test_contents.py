"""Clips by what is in them."""

from hashlib import sha256

from dashboards.panels.choose.contents import content_id, with_content


def test_a_clip_is_found_by_its_bytes_wherever_it_lies(tmp_path):
    files = [tmp_path / name for name in ("a.wav", "b.wav", "gone.wav")]
    files[0].write_bytes(b"one")
    files[1].write_bytes(b"two")
    wanted = content_id(sha256(b"two").hexdigest())
    assert len(wanted) == 16
    assert with_content(wanted, files) == files[1]
    assert with_content(content_id(sha256(b"three").hexdigest()), files) is None
    assert with_content("", files) is None


def test_a_file_that_changed_is_read_anew(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(b"before")
    before, after = (content_id(sha256(data).hexdigest()) for data in (b"before", b"after!"))
    assert with_content(before, [file]) == file
    file.write_bytes(b"after!")
    assert with_content(before, [file]) is None
    assert with_content(after, [file]) == file

from pathlib import Path

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.segmentation.masks import Masks

MASKS = np.array([[1, 1, 0, 0, 1], [0, 1, 1, 0, 0]], dtype=bool)
CLIP = torch.zeros(5)


def test_runs_of_a_plain_array(tmp_path: Path):
    np.save(tmp_path / "m.npy", MASKS)
    parts = Masks(str(tmp_path / "m.npy")).cut(CLIP, 10)
    assert parts.names == ("mask 1", "mask 2")
    assert parts.stretches == (((0, 2), (4, 5)), ((1, 3),))
    assert np.array_equal(parts.masks, MASKS)
    assert parts.on_samples(np.array([3.0, 2.0])).tolist() == [1, 2, 1, 0, 1]


def test_names_in_an_archive(tmp_path: Path):
    np.savez(tmp_path / "m.npz", masks=MASKS, names=np.array(["breath", "breath"]))
    assert Masks(str(tmp_path / "m.npz")).cut(CLIP, 10).names == ("breath", "breath (2)")


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (MASKS[:, :4], "4 samples and the clip 5"),
        (MASKS.astype(int), "int64"),
        (MASKS[0], "shape"),
        (MASKS[:0], "shape"),
        (MASKS & [[True], [False]], "row 1.*marks no sample"),
        (np.array([[{}]], dtype=object), "pickle"),
    ],
)
def test_what_is_no_set_of_masks_is_refused(tmp_path: Path, masks: np.ndarray, message: str):
    np.save(tmp_path / "m.npy", masks)
    with pytest.raises(ExplanationError, match=rf"m\.npy.*{message}"):
        Masks(str(tmp_path / "m.npy")).cut(CLIP, 10)


def test_archives_that_lack_something(tmp_path: Path):
    np.savez(tmp_path / "a.npz", other=MASKS)
    np.savez(tmp_path / "b.npz", masks=MASKS, names=np.array(["one"]))
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 cut short")
    (tmp_path / "d.npy").write_bytes(b"")
    for name, message in {
        "a.npz": "no 'masks'",
        "b.npz": "one each",
        "c.npz": "cannot be read",
        "d.npy": "cannot be read",
        "e.npy": "No such file",
    }.items():
        with pytest.raises(ExplanationError, match=message):
            Masks(str(tmp_path / name)).cut(CLIP, 10)

"""Clips of the folders given at the start; nothing outside them is ever opened."""

import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.given import clips_in
from xaudio.decoding import Decoders, Limits
from xaudio.errors import AudioError

if TYPE_CHECKING:
    from xaudio.audio import Clip

MOST_BYTES = 120_000_000  # of a file in a folder
MOST_UPLOADED = 20_000_000  # of a file sent by a page; .streamlit/config.toml says the same
MOST_SECONDS = 600.0  # ten minutes; what is longer is read window by window
KEPT_BYTES = 16 * 2**20  # of decoded clips, beside the last one
LOOKED_UP = 30.0  # seconds a list of clips is good for


class Clips:
    """Opens the clips that the dashboard may offer."""

    def __init__(self, folders: Sequence[Path], decoders: Decoders):
        """Nothing is read yet.

        Args:
            folders: What may be offered, with all that lies below; resolved paths.
            decoders: What decodes.
        """
        self._folders, self._decoders = tuple(folders), decoders
        self._lock = threading.Lock()
        self._offered: tuple[float, dict[str, Path]] | None = None
        self._kept: OrderedDict[tuple[Path, int, int], Clip] = OrderedDict()

    def offered(self) -> dict[str, Path]:
        """The recordings in the folders by the name a page shows; looked up now and then."""
        with self._lock:
            if self._offered is None or time.monotonic() - self._offered[0] > LOOKED_UP:
                self._offered = (time.monotonic(), clips_in(self._folders))
            return self._offered[1]

    def confined(self, path: Path) -> Path:
        """Where a path really leads, if that is a file in one of the folders.

        Raises:
            AudioError: It leads elsewhere, or to no file.
        """
        try:
            real = path.resolve(strict=True)
        except (OSError, ValueError, RuntimeError):  # gone, a zero byte, links in a circle
            raise AudioError(f"There is no file '{path.name}' in the folders given.") from None
        if not any(real.is_relative_to(folder) for folder in self._folders):
            raise AudioError(
                f"'{path.name}' does not lie in a folder that the dashboard was given. Start it "
                "with --folder and the folder of your recordings."
            )
        if not stat.S_ISREG(real.stat().st_mode):
            raise AudioError(f"'{path.name}' is no file.")
        return real

    def check_files_in(self, settings: Mapping[str, Any]) -> None:
        """Refuse settings that name a file elsewhere, as in ``words:/etc/passwd``.

        Raises:
            AudioError: One does.
        """
        texts = [value for value in settings.values() if isinstance(value, str)]
        for word in (word for text in texts for word in text.split(":")):
            if os.sep in word or Path(word).is_file():
                self.confined(Path(word))

    def opened(self, path: Path) -> "Clip":
        """A clip of one of the folders; the last ones are kept.

        Raises:
            AudioError: It lies elsewhere, cannot be used, or is larger or longer than a page takes.
        """
        real = self.confined(path)
        about = real.stat()
        key = (real, about.st_mtime_ns, about.st_size)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        check_size(about.st_size, path.name, MOST_BYTES)
        clip = decoded(self._decoders, _read(real), path.name)
        with self._lock:
            self._kept[key] = clip
            while len(self._kept) > 1 and self._bytes() > KEPT_BYTES:
                self._kept.popitem(last=False)
        return clip

    def _bytes(self) -> int:
        return sum(clip.samples.nbytes for clip in self._kept.values())


def decoded(decoders: Decoders, data: bytes, name: str) -> "Clip":
    """A clip from the bytes of a file, decoded in a limited process.

    Raises:
        AudioError: It cannot be used, or is longer than a page takes.
    """
    from xaudio.audio import clip_from_samples, readable_name

    shown = readable_name(name)
    made = decoders.decode(data, shown, Limits(sound=MOST_SECONDS))
    clip = clip_from_samples(made.samples, made.sample_rate, shown)
    return replace(clip, digest=made.digest, decode_chain=made.chain)


def check_size(size: int, name: str, most: int) -> None:
    """Refuse a file of more than `most` bytes.

    Raises:
        AudioError: It is larger.
    """
    if size > most:
        raise AudioError(
            f"'{name}' has {size / 1e6:.0f} MB; at most {most / 1e6:.0f} MB are taken here. Cut it "
            "shorter, or use 'xaudio explain'."
        )


def _read(real: Path) -> bytes:
    """At most a byte more than a page takes, from a file that is no link by now either."""
    try:
        with os.fdopen(os.open(real, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise AudioError(f"'{real.name}' cannot be read: {error.strerror}.") from None

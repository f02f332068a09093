"""Physical quantities for people: names whose last part is the unit, and their values."""

UNITS = {
    "hz": "Hz",
    "db": "dB",
    "lu": "LU",
    "lufs": "LUFS",
    "seconds": "s",
    "ms": "ms",
    "kbps": "kbit/s",
    "semitones": "semitones",
    "percent": "%",
    "metres": "m",
    "bits": "bits",
}
NAMES = {
    "seconds": "length",
    "length_ratio": "length beside clean",
    "si_sdr_db": "SI-SDR",
    "log_spectral_distance_db": "spectral distance",
    "lowest_hz": "band from",
    "highest_hz": "band up to",
    "bitrate_kbps": "bit rate",
    "silent_share": "gone silent",
    "clipped_share": "clipped",
    "rt60_seconds": "reverberation",
}
ACRONYMS = {"snr": "SNR", "dc": "DC", "pesq": "PESQ", "stoi": "STOI"}
SHORT_SECONDS = 0.1
NO_BREAK = "\N{NO-BREAK SPACE}"


def quantity_name(name: str) -> str:
    """What a quantity is called, without its unit.

    >>> quantity_name("cutoff_hz"), quantity_name("snr_db"), quantity_name("volume")
    ('cutoff', 'SNR', 'volume')
    """
    if name in NAMES:
        return NAMES[name]
    words = name.split("_")
    if len(words) > 1 and words[-1] in UNITS:
        words = words[:-1]
    return " ".join(ACRONYMS.get(word, word) for word in words)


def value_text(name: str, value: float | int | str | None) -> str:
    r"""A value with the unit that its quantity's name ends in, to three digits or 0.0001.

    >>> value_text("cutoff_hz", 2400.0), value_text("lost_share", 0.123), value_text("file", "a")
    ('2,400\xa0Hz', '12.3\xa0%', 'a')
    >>> value_text("delay_seconds", -0.0125), value_text("snr_db", -1e-8), value_text("pesq", None)
    ('-12.5\xa0ms', '0\xa0dB', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    unit = UNITS.get(name.rpartition("_")[2], "")
    if name.endswith("share"):
        value, unit = 100 * value, "%"
    elif unit == "s" and 0 < abs(value) < SHORT_SECONDS:
        value, unit = 1000 * value, "ms"
    return f"{number_text(value)}{NO_BREAK}{unit}" if unit else number_text(value)


def number_text(value: float | int) -> str:
    """Three digits, all of a thousand and more, nothing below 0.0001.

    >>> number_text(12345.6), number_text(0.01234), number_text(-0.00001)
    ('12,346', '0.0123', '0')
    """
    rounded = round(value, 4) or 0.0  # no minus before a zero
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:.3g}"


def quantity_text(name: str, value: float | int | str | None) -> str:
    r"""Name and value in one; only the value where the name is the unit.

    >>> quantity_text("snr_db", 20.0), quantity_text("semitones", 0.5)
    ('SNR 20\xa0dB', '0.5\xa0semitones')
    """
    value_alone = value_text(name, value)
    return value_alone if name in UNITS else f"{quantity_name(name)} {value_alone}"

"""Score rows to reason about, and the same questions answered by plain loops."""

import numpy as np
import pyarrow as pa

from xaudio.sweeps.cells import ROW_SCHEMA

CLIPS = 200


def rows_of(
    scores,
    corruption="clean",
    severity=0,
    model="m",
    labels=None,
    speakers=None,
    repeat=0,
    decided=None,
    **known,
):
    """One row per score; every second clip is spoof unless labels say otherwise."""
    labels = labels if labels is not None else ["bonafide", "spoof"] * (len(scores) // 2)
    return [
        {
            "clip": f"{n:04}",
            "digest": f"{n:04}",
            "label": label,
            "speaker": None if speakers is None else speakers[n],
            "model": model,
            "corruption": corruption,
            "severity": severity,
            "repeat": repeat,
            "parameters": "{}",
            "score": score,
            "decided": None if decided is None else decided[n],
            "error": None if score is not None else "broken",
            **{name: values[n] for name, values in known.items()},
        }
        for n, (score, label) in enumerate(zip(scores, labels, strict=True))
    ]


def table_of(rows, shuffled=True):
    order = np.random.default_rng(0).permutation(len(rows)) if shuffled else range(len(rows))
    return pa.Table.from_pylist([rows[n] for n in order], schema=ROW_SCHEMA)


def by_place(table):
    """The rows of a table by model, corruption and severity."""
    return {(r["model"], r["corruption"], r["severity"]): r for r in table.to_pylist()}


def detector_scores(seed, clips=CLIPS, apart=1.5):
    random = np.random.default_rng(seed)
    return (random.normal(0, 1, clips) + np.tile([apart, -apart], clips // 2)).tolist()


def speakers_of(clips=CLIPS, each=10):
    """Speakers with clips of both labels, some with clips of one only."""
    names = [f"s{n // each}" for n in range(clips)]
    return [f"only-{n}" if n >= clips - 20 else name for n, name in enumerate(names)]


def drifting(seed=1, models=2, clips=CLIPS, failing=0.05):
    """Rows of several models under clean and two corruptions at two severities, with failures."""
    random = np.random.default_rng(seed)
    attacks = [None if n % 2 == 0 else f"A{n % 3}" for n in range(clips)]
    codecs = [("mp3" if n % 5 else None) for n in range(clips)]
    rows = []
    for number in range(models):
        clean = np.array(detector_scores(seed, clips)) + random.normal(0, 0.3, clips)
        conditions = [("clean", 0), ("cut", 1), ("cut", 2), ("noise", 1), ("noise", 2)]
        for corruption, severity in conditions:
            here = clean + random.normal(-0.4 * severity, 0.5 * severity, clips)
            scores = [None if random.random() < failing else float(score) for score in here]
            rows += rows_of(
                scores,
                corruption,
                severity,
                f"m{number}",
                speakers=speakers_of(clips),
                attack=attacks,
                codec=codecs,
            )
    return rows


def naive_errors(rows, model, corruption, severity, threshold):
    """False rejections, false acceptances, flips, and which way, one clip after the other."""
    clean = {
        row["clip"]: row["score"]
        for row in rows
        if (row["model"], row["corruption"]) == (model, "clean") and row["score"] is not None
    }
    counts = dict.fromkeys(
        ("bonafide", "rejected", "spoof", "accepted", "both", "to_bonafide", "to_spoof", "right"), 0
    )
    shifts = []
    for row in rows:
        if (row["model"], row["corruption"], row["severity"]) != (model, corruption, severity):
            continue
        if row["score"] is None:
            continue
        accepted = row["score"] >= threshold
        counts[row["label"]] += 1
        counts["rejected"] += row["label"] == "bonafide" and not accepted
        counts["accepted"] += row["label"] == "spoof" and accepted
        if row["clip"] in clean:
            before = clean[row["clip"]] >= threshold
            counts["both"] += 1
            counts["to_bonafide"] += accepted and not before
            counts["to_spoof"] += before and not accepted
            is_human = row["label"] == "bonafide"
            counts["right"] += accepted != before and accepted == is_human
            shifts.append(row["score"] - clean[row["clip"]])
    return counts, shifts

"""How far explanations of the bundled detector can be moved while its decision stays.

`python -m tests.benchmarks.attacks_on_explanations demo/corpus` takes every twentieth clip of a
corpus, ten of them. Beside each attack stands random noise of the same budget. One thread.
"""

import argparse
import statistics
from pathlib import Path

import torch

from perturbations.attacks import MaskingBudget, SnrBudget, load_attack
from perturbations.attacks.explanations import Shift, success_rate
from xaudio.attacking_explanations import Question, attack_explanation, shift_explanation
from xaudio.audio import read_clip
from xaudio.classifiers import load_classifier
from xaudio.explaining import load_method

METHODS = {
    "saliency": {},
    "input-x-gradient": {},
    "lrp": {},
    "two-sided-occlusion": {"evaluations": 200},
}
WITH_GRADIENTS = ("saliency", "input-x-gradient")
BUDGETS = {"40 dB": SnrBudget(40.0), "30 dB": SnrBudget(30.0)}


def attacks_on(method):
    """Names and what is asked of a question about that method."""
    slow = method == "two-sided-occlusion"
    square = load_attack("square", queries=20 if slow else 100)
    for told, budget in BUDGETS.items():
        if method in WITH_GRADIENTS:
            yield f"pgd, {told}", lambda q, b=budget: attack_explanation(q, load_attack("pgd"), b)
        yield f"square, {told}", lambda q, b=budget: attack_explanation(q, square, b)
    if method in WITH_GRADIENTS:
        masked = MaskingBudget(0.0)
        yield "pgd, masked 0 dB", lambda q: attack_explanation(q, load_attack("pgd"), masked)
    shift = Shift(count=8 if slow else 16)
    yield "shift, 10 ms", lambda q: shift_explanation(q, shift)


def row(method, name, found):
    """One line of the table."""
    told = [each.summary() for each in found]
    noise = [draw for each in told for draw in each["noise"]]
    kept = [draw["cosine"] for draw in noise if draw["decision_kept"]]
    moved, rate = (success_rate([each[what] for each in told]) for what in ("moved", "succeeded"))
    by_noise = success_rate([draw["moved"] for draw in noise])
    passed = success_rate([draw["succeeded"] for draw in noise])
    cells = (
        method,
        name,
        f"{moved.share:.2f}",
        f"{rate.share:.2f} [{rate.low:.2f}, {rate.high:.2f}]",
        f"{statistics.median(each['cosine'] for each in told):.2f}",
        f"{by_noise.share:.2f}",
        f"{passed.share:.2f}",
        f"{statistics.median(kept):.2f}" if kept else "",
        f"{statistics.median(each['seconds'] for each in told):.1f}",
    )
    return "| " + " | ".join(cells) + " |"


def print_table(corpus, count):
    """All methods and attacks on the same clips."""
    detector = load_classifier("lcnn")
    clips = [read_clip(path) for path in sorted((corpus / "audio").iterdir())[::20][:count]]
    heads = "method, attack, moved, AASR [95 %], cosine, noise moved, noise AASR, noise cosine, s"
    print("| " + " | ".join(heads.split(", ")) + " |")
    print("| --- " * 9 + "|")
    for method, settings in METHODS.items():
        explainer = load_method(method, settings)
        questions = [Question.about(clip, detector, explainer) for clip in clips]
        for name, ask in attacks_on(method):
            print(row(method, name, [ask(question) for question in questions]), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--clips", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print_table(arguments.corpus, arguments.clips)

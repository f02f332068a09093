"""Fine-tune the published AASIST until it knows a corpus, so that its explanations can be judged.

Two corpora of the same speakers: one without a channel to train on, one as usual to be judged on.

    xaudio corpus build training --speech FOLDER --utterances 251 --copy world --copy griffin-lim \\
        --sentences 0 --hybrids 0 --seconds 5 --channel none
    xaudio corpus build corpus --speech FOLDER --utterances 251 --copy world --copy griffin-lim \\
        --sentences 0 --hybrids 6 --seconds 4.0375
    python -m tests.benchmarks.finetune_aasist --training training --corpus corpus \\
        --weights AASIST.pth --out weights

The speakers kept back are those of the bundled detector. Which epoch is kept is decided on other
speakers, taken from those trained on; the figures of those kept back are measured at the end.

Eight epochs take an hour of one core, half an hour where glibc keeps the memory between layers:
``MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184``.
"""

import argparse
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from xaudio.audio import read_clip
from xaudio.datasets.manifest import load_manifest
from xaudio.models.aasist import SAMPLE_RATE, aasist
from xaudio.training.evaluation import Trial, card_figures
from xaudio.training.examples import Examples, load_material
from xaudio.training.recipe import Recipe, split_by_speaker

RECIPE = Recipe(epochs=8, examples=1600, batch=16, seconds=2.0, learning_rate=3e-4, frame_weight=0)
VALIDATION_SHARE = 0.1  # of the speakers trained on
CLASS_WEIGHTS = torch.tensor([1.5, 1.0])  # without text-to-speech two in five examples are spoof


def split_in_three(manifest, recipe):
    """Rows of the speakers to train on, to choose the epoch by, and to report."""
    known = split_by_speaker(manifest, recipe)
    inner = split_by_speaker(known.train, replace(recipe, test_share=VALIDATION_SHARE))
    return inner.train, inner.test, known.test


def train(module, material, recipe, after_epoch):
    """Train all but the first block, which takes most of the time; hand over each average."""
    torch.manual_seed(recipe.seed)
    module.to(memory_format=torch.channels_last)  # several times faster on a processor
    nn.ModuleList([module.first_bn, module.encoder[0]]).requires_grad_(False)
    learned = [parameter for parameter in module.parameters() if parameter.requires_grad]
    averaged = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.98), use_buffers=True)
    optimiser = torch.optim.AdamW(learned, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * -(-recipe.examples // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=steps, pct_start=0.1
    )
    for epoch in range(recipe.epochs):
        total = 0.0
        batches = DataLoader(
            Examples(material, recipe, SAMPLE_RATE, epoch), recipe.batch, num_workers=1
        )
        for waveform, truth in batches:
            with torch.autocast("cpu", torch.bfloat16):
                logits = module.train()(waveform).float()
            loss = cross_entropy(logits, (truth.amax(dim=1) == 0).long(), CLASS_WEIGHTS)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned, 5.0)
            optimiser.step()
            schedule.step()
            averaged.update_parameters(module)
            total += loss.item()
        after_epoch(epoch + 1, total / len(batches), averaged.module.eval())


@torch.inference_mode()
def judge(module, manifest):
    """Per pool of attacks: clips, EER in percent with its interval, error rates at zero."""
    trials = []
    module.to(memory_format=torch.channels_last)
    for row in manifest:
        waveform = torch.from_numpy(read_clip(row.path).samples)[None]
        spoof, bonafide = module(waveform)[0].tolist()
        trials.append(Trial(row.attack or "bonafide", row.speaker, bonafide - spoof))
    return card_figures(trials, RECIPE)


def write(module, folder, document):
    """The state dict and, beside it, what is known about it."""
    state = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
    weights = folder / "aasist.safetensors"
    save_file(state, weights)
    weights.chmod(0o644)  # safetensors leaves files that only their owner can read
    (folder / "aasist.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--training", type=Path, required=True, help="a corpus without a channel")
    parser.add_argument("--corpus", type=Path, required=True, help="one with, to be judged on")
    parser.add_argument("--weights", type=Path, required=True, help="the published AASIST.pth")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and figures")
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs)
    parser.add_argument("--seconds", type=float, default=RECIPE.seconds)
    options = parser.parse_args()
    recipe = replace(RECIPE, epochs=options.epochs, seconds=options.seconds)
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)

    training, _, _ = split_in_three(load_manifest(options.training / "manifest.parquet"), recipe)
    _, choosing, reported = split_in_three(
        load_manifest(options.corpus / "manifest.parquet"), recipe
    )
    module = aasist(options.weights).module
    document = {"recipe": asdict(recipe), "published": judge(module, reported), "epochs": []}
    print(json.dumps(document["published"]), flush=True)
    best = math.inf

    def after_epoch(epoch, loss, averaged):
        nonlocal best
        measured = judge(averaged, choosing)
        wrong = measured["seen"]["eer_percent"] + measured["hybrids"]["eer_percent"]
        document["epochs"].append({"epoch": epoch, "loss": round(loss, 4), "validation": measured})
        print(epoch, round(loss, 4), json.dumps(measured), flush=True)
        if wrong <= best:
            best = wrong
            document["kept epoch"] = epoch
            write(averaged, options.out, document)

    train(module, load_material(training), recipe, after_epoch)
    kept = aasist(options.out / "aasist.safetensors").module
    document["fine-tuned"] = judge(kept, reported)
    write(kept, options.out, document)
    print(json.dumps(document["fine-tuned"]), flush=True)


if __name__ == "__main__":
    main()

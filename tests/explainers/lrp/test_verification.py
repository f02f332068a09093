import json

import pytest
import torch
from torch import nn

from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError
from explainers.lrp import registry
from explainers.lrp.composites import Composite
from explainers.lrp.rules import Gamma
from explainers.lrp.verification import FAILED, PASSED, UNCHECKED, WARNING, layers, verify
from explainers.lrp.verification.clips import speech_like, with_faint_noise
from explainers.lrp.verification.state import changes, module_state, parts_in_training
from tests.explainers.small_models import Function, Linear, model_of, noise

SAMPLES = 800


class Detector(nn.Module):
    """Convolution, batch norm, rectifier, convolution, mean, head."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(1, 4, 16, stride=8)
        self.norm = nn.BatchNorm1d(4)
        self.second = nn.Conv1d(4, 6, 5, stride=2)
        self.head = nn.Linear(6, 2)
        random = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=random)
        self.eval()

    def between(self, frames):
        return frames

    def forward(self, waveform):
        frames = torch.relu(self.norm(self.first(waveform[:, None])))
        return self.head(self.between(self.second(frames)).relu().mean(-1))


class Gain(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class Foreign(Detector):
    def between(self, frames):
        return torch.sinc(Gain.apply(frames)) + frames.erfinv()


class Random(Detector):
    def between(self, frames):
        return nn.functional.dropout(frames, 0.5, training=True)


class BatchNormalised(Detector):
    def __init__(self):
        super().__init__()
        self.across = Across().eval()

    def between(self, frames):
        return self.across(frames)


class Across(nn.Module):
    def forward(self, frames):
        return (frames - frames.mean()) / frames.std()


class Detached(Detector):
    def between(self, frames):
        return frames.detach()


class Counting(Detector):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def between(self, frames):
        self.calls += 1
        return frames


class Single(Detector):
    def between(self, frames):
        return frames.float()

    def forward(self, waveform):
        return super().forward(waveform).float()

    def double(self):
        return self


class OneLength(Detector):
    def forward(self, waveform):
        if waveform.shape[1] != SAMPLES:
            raise ValueError("one length only, please\nsecond line")
        return super().forward(waveform)


class Sinc(Detector):
    def between(self, frames):
        return torch.sinc(frames)


class Start(Detector):
    def forward(self, waveform):
        return super().forward(waveform[:, :200])


class Recurrent(Detector):
    def __init__(self):
        super().__init__()
        self.cells = nn.GRU(6, 6, batch_first=True).eval()

    def between(self, frames):
        return self.cells(frames.transpose(1, 2))[0].transpose(1, 2)


def checked(module, **more):
    return verify(ModuleModel(module), noise(1, SAMPLES), **more)


def status(found):
    return {one.question: one.status for one in found.findings}


def finding(found, question):
    (one,) = [one for one in found.findings if one.question == question]
    return one


def sinc_answered(monkeypatch, answer):
    monkeypatch.setitem(registry._answers, "sinc", answer)
    return checked(Sinc())


@pytest.mark.parametrize("composite", ["epsilon", "epsilon_gamma_box", "flat_first", "attnlrp"])
def test_a_sound_model_passes(composite):
    found = checked(Detector(), composite=composite)
    assert found.passed, found.failed
    assert UNCHECKED not in status(found).values()
    assert finding(found, "conserved by every operation").figure < 1e-12
    assert found.composite == composite


def test_accounts_of_a_weighted_sum_are_those_on_paper():
    weights, clip = noise(SAMPLES, seed=1), noise(1, SAMPLES)
    found = verify(model_of(Linear(weights, bias=0.25)), clip)
    expected = float(clip[0].double() @ weights.double())
    assert found.account.received == pytest.approx(expected, abs=1e-9)
    assert found.account.absorbed == pytest.approx(0.25)
    assert found.account.score == pytest.approx(expected + 0.25)
    assert found.account.size == pytest.approx(float((clip[0] * weights).abs().sum()), rel=1e-5)
    assert [(sink.kind, sink.places) for sink in found.sinks] == [
        ("constants", {"": pytest.approx(0.25)})
    ]
    rows = {row.operation: row for row in found.rows}
    assert rows["add"].arrives == pytest.approx(expected + 0.25)
    assert rows["add"].handed_on == pytest.approx(expected)
    assert rows["matmul"].handed_on == pytest.approx(expected)


def test_mostly_absorbed_is_a_warning():
    weights = noise(SAMPLES, seed=1)
    found = verify(model_of(Linear(weights, bias=100.0)), noise(1, SAMPLES))
    assert found.passed
    assert finding(found, "score reaches the samples").status == WARNING
    without = verify(model_of(Linear(weights)), noise(1, SAMPLES))
    assert finding(without, "score reaches the samples").status == PASSED


def test_all_unknown_operations_are_told_with_their_places():
    found = checked(Foreign())
    assert status(found)["every operation has a rule"] == FAILED
    assert {str(one) for one in found.unknown} == {
        "'GainBackward' which feeds 'sinc' in the model itself",
        "'sinc' in the model itself",
        "'erfinv' in the model itself",
    }
    assert finding(found, "every operation has a rule").figure == 3
    assert status(found)["relevance conserved"] == UNCHECKED
    assert status(found)["output unchanged"] == status(found)["batch keeps logits"] == PASSED
    assert {"conv1d", "linear"} <= {one.name for one in found.operations}


def test_a_scripted_part_is_told_once():
    module = Detector()
    module.second = torch.jit.script(module.second)
    (unknown,) = checked(module).unknown
    assert (unknown.operation, unknown.feeds) == ("ConvolutionBackward0", "relu")


def test_parts_in_training_mode_are_named_and_what_comes_of_it_is_found():
    module = Detector()
    module.norm.train()
    found = checked(module)
    failed = {one.question for one in found.failed}
    assert {"in evaluation mode", "batch keeps logits", "module untouched"} <= failed
    assert "norm (BatchNorm1d)" in finding(found, "in evaluation mode").detail
    assert "norm.running_mean" in finding(found, "module untouched").detail
    assert finding(found, "batch keeps logits").detail.endswith(
        "first seen in the output of 'norm'"
    )


def test_a_norm_over_the_batch_is_found_where_it_is():
    found = checked(BatchNormalised())
    assert {one.question for one in found.failed} == {"batch keeps logits", "batch keeps relevance"}
    assert "'across'" in finding(found, "batch keeps logits").detail


def test_chance_is_found():
    failed = {one.question for one in checked(Random()).failed}
    assert "the same twice" in failed


def test_a_detached_score_fails():
    found = checked(Detached())
    assert [one.question for one in found.failed] == ["score depends on samples"]
    assert not found.passed
    assert found.rows == found.operations == ()


def test_a_model_that_changes_itself_fails():
    module = Counting()
    found = checked(module)
    assert [one.question for one in found.failed] == ["module untouched"]
    assert found.failed[0].detail == "the model's own forward changes weight calls"


def test_what_cannot_be_checked_says_why():
    found = checked(Single())
    assert found.passed
    assert finding(found, "output unchanged, float64").status == UNCHECKED
    assert "float64" in finding(found, "output unchanged, float64").detail
    assert finding(found, "conserved by every operation").tolerance == 1e-4
    found = checked(OneLength())
    assert found.passed
    assert finding(found, "silence keeps the score").status == UNCHECKED
    assert "one length only, please" in finding(found, "silence keeps the score").detail
    assert "second line" not in finding(found, "silence keeps the score").detail


def test_a_leaking_rule_is_found_and_named(monkeypatch):
    def leaking(call, x):
        return call.native(x) + 0 * x if not x.requires_grad else Halved.apply(x)

    class Halved(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.sinc(x)

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 0.5 * grad * torch.sinc(x) / x

    found = sinc_answered(monkeypatch, leaking)
    assert {
        "relevance conserved",
        "relevance conserved, float64",
        "conserved by every operation",
    } == {one.question for one in found.failed}
    assert "sinc" in finding(found, "conserved by every operation").detail
    worst = max(found.rows, key=lambda row: row.error)
    assert worst.operation == "sinc"
    assert worst.handed_on == pytest.approx(worst.arrives / 2)


def test_a_rule_that_changes_the_output_is_found(monkeypatch):
    found = sinc_answered(monkeypatch, lambda call, x: call.native(x) * 1.01)
    assert status(found)["output unchanged"] == status(found)["output unchanged, float64"] == FAILED


def test_relevance_that_is_no_number_is_found(monkeypatch):
    def broken(call, x):
        x.register_hook(lambda grad: grad * torch.nan)
        return call.native(x)

    found = sinc_answered(monkeypatch, broken)
    assert finding(found, "relevance is finite").status == FAILED
    assert finding(found, "relevance is finite").figure > 0
    assert status(found)["relevance conserved"] == FAILED


def test_a_rule_that_fails_is_told_once(monkeypatch):
    def failing(call, x):
        raise RuntimeError("no such thing")

    found = sinc_answered(monkeypatch, failing)
    assert [one.question for one in found.failed] == ["runs by the rules"]
    assert "no such thing" in found.failed[0].detail


def test_most_of_the_clip_unseen_is_a_warning_and_all_of_it_a_failure():
    found = checked(Start())
    assert finding(found, "the clip is looked at").status == WARNING
    assert 0.75 <= finding(found, "the clip is looked at").figure < 0.85

    class Deaf(Detector):
        def forward(self, waveform):
            return super().forward(0 * waveform)

    assert status(checked(Deaf()))["the clip is looked at"] == FAILED


def test_silence_is_weighed():
    found = verify(model_of(Mean()), noise(1, SAMPLES) + 1)
    moved = finding(found, "silence keeps the score")
    score = found.account.score
    assert moved.figure == pytest.approx(abs(score) / 3, rel=1e-4)
    assert moved.status == WARNING


class Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.eval()

    def forward(self, waveform):
        mean = waveform.mean(1)
        return torch.stack([-mean, mean], 1)


def test_quiet_that_takes_relevance_is_a_warning():
    class Signs(Mean):
        def forward(self, waveform):
            level = (waveform.abs() + 1e-9).log().mean(1)
            return torch.stack([-level, level], 1)

    found = verify(model_of(Signs()), noise(1, SAMPLES))
    share = finding(found, "quiet takes no relevance")
    assert share.status == WARNING
    assert share.figure > 0.3


def test_operations_say_how_they_are_answered():
    rules = Composite("mine", layers=(("second", Gamma(0.5)),))
    found = checked(Recurrent(), composite=rules)
    assert found.passed, found.failed
    met = {one.name: one for one in found.operations}
    assert met["conv1d"].calls == 2
    assert "Epsilon" in met["conv1d"].answered
    assert "Gamma(gamma=0.5" in met["conv1d"].answered
    assert met["conv1d"].places == ("first", "second")
    assert met["gru"].answered.startswith("unfolded to ")
    assert met["linear"].calls == 1
    assert "sigmoid" not in met
    assert met["batch_norm"].answered == "a scale per channel; its shift is a sink"
    assert (met["relu"].calls, met["relu"].carrying) == (2, 2)
    assert "clone" not in met


def test_a_rule_of_the_users_own_is_named(monkeypatch):
    found = sinc_answered(monkeypatch, own_rule)
    met = {one.name: one for one in found.operations}
    assert met["sinc"].answered == f"{own_rule.__module__}.own_rule"


def own_rule(call, x):
    return call.native(x)


def test_layers_hold_all_that_their_operations_do():
    found = checked(Recurrent())
    for depth in (1, 2):
        folded = layers(found.rows, depth)
        assert sum(len(one.operations) for one in folded) == len(found.rows)
        absorbed = sum(sum(one.absorbed.values()) for one in folded)
        assert absorbed == pytest.approx(found.account.absorbed, abs=1e-9)
        assert max(one.error for one in folded) == max(row.error for row in found.rows)
        assert folded[-1].arrives == pytest.approx(found.account.score)
    single = next(one for one in layers(found.rows, 1) if one.place == "second")
    assert single.handed_on + sum(single.absorbed.values()) == pytest.approx(single.arrives)


def test_the_model_is_left_as_it_was():
    module = Detector()
    before = module_state(module)
    checked(module)
    assert changes(before, module_state(module)) == []
    assert next(module.parameters()).dtype == torch.float32


def test_every_change_of_state_is_seen():
    def change(doing):
        module = Detector()
        before = module_state(module)
        doing(module)
        return changes(before, module_state(module))

    assert change(lambda module: None) == []
    assert change(lambda module: module.head.weight.data.add_(1)) == ["weight head.weight"]
    assert change(lambda module: module.norm.running_var.mul_(2)) == ["weight norm.running_var"]
    assert change(lambda module: module.head.bias.requires_grad_(False)) == ["weight head.bias"]
    assert change(lambda module: module.norm.train()) == ["mode of norm"]
    assert change(lambda module: module.norm.register_forward_hook(print)) == ["hooks of norm"]
    backward = change(lambda module: module(noise(1, SAMPLES)).sum().backward())
    assert "weight head.weight" in backward


def test_exported_programs_are_in_no_training_mode():
    program = torch.export.export(Detector(), (noise(2, SAMPLES),)).module()
    holder = nn.Sequential(program)
    holder.training = False
    assert parts_in_training(holder) == []
    assert parts_in_training(nn.Sequential(nn.Dropout()).eval().append(nn.ReLU())) == ["1 (ReLU)"]


def test_no_gradients_no_composite_no_target_are_refused():
    with pytest.raises(ExplanationError, match="no gradients"):
        verify(Function(lambda waveform: waveform[:, :2]))
    with pytest.raises(ExplanationError, match="composite"):
        verify(ModuleModel(SmallDetector()), composite="nonsense")
    with pytest.raises(ExplanationError, match="names no label"):
        verify(ModuleModel(SmallDetector()), target="nonsense")


def test_target_and_progress_and_summary():
    told = []
    model = ModuleModel(SmallDetector())
    found = verify(model, target="decided", tell=lambda done, planned: told.append((done, planned)))
    assert found.target in model.labels
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] == len(found.findings) - 1
    assert json.loads(json.dumps(found.summary()))["passed"] is True


def test_made_clips_are_always_alike():
    one = speech_like(16000)
    assert torch.equal(one, speech_like(16000))
    assert not torch.equal(one, speech_like(16000, seed=1))
    assert one.shape == (1, 32000)
    assert 0.2 < float(one.abs().max()) <= 1
    longer = with_faint_noise(one)
    assert torch.equal(longer[:, :32000], one)
    assert 0 < float(longer[:, 32000:].abs().max()) < 0.01 * float(one.abs().max())

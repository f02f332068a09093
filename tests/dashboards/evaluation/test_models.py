import gc
import threading
import time
import weakref

import numpy as np
import pytest
import torch
from torch import nn

from dashboards.evaluation.device import Device, find_device, memory_of_machine
from dashboards.evaluation.models import ModelPool, bytes_of_model
from explainers.explainer import methods_without_gradients
from tests.xaudio.clips import RATE
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.classifiers import Classifier, load_classifier
from xaudio.errors import ModelError
from xaudio.explaining import default_method
from xaudio.provenance import ModelSpec

CPU = Device("a processor", "cpu", 10**9)


class Weighty(nn.Module):
    """So many bytes of parameters and buffers."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size // 8))
        self.register_buffer("rest", torch.zeros(size // 8))
        self.register_buffer("shared", self.weight.data[:0])

    def forward(self, waveform):
        return waveform.mean(1, keepdim=True).repeat(1, 2)


SIZES = {"small": 1000, "middle": 2000, "large": 4000, "huge": 100_000}


class Loader:
    def __init__(self):
        self.loaded = []

    def __call__(self, spec, device):
        self.loaded.append(spec.name)
        return Classifier(Weighty(SIZES[spec.name]), spec.name, RATE, ("spoof", "bonafide"))


@pytest.fixture
def loader():
    return Loader()


def pool_of(loader, most_bytes):
    return ModelPool({name: ModelSpec(name) for name in SIZES}, CPU, most_bytes, loader)


def use(pool, *names):
    for name in names:
        with pool.lease(name) as classifier:
            assert classifier.name == name


def test_each_is_loaded_once_and_measured(loader):
    pool = pool_of(loader, 10_000)
    use(pool, "small", "middle", "small", "middle")
    assert loader.loaded == ["small", "middle"] and pool.bytes == 3000


def test_the_least_recently_used_leaves_and_its_memory_comes_back(loader):
    pool = pool_of(loader, 6000)
    use(pool, "small")
    with pool.lease("middle") as classifier:
        gone = weakref.ref(classifier.module)
    del classifier
    use(pool, "small", "large")
    assert pool.names == ("small", "large") and pool.bytes == 5000
    gc.collect()
    assert gone() is None
    use(pool, "middle")
    assert pool.names == ("large", "middle") and loader.loaded.count("middle") == 2


def test_what_is_leased_stays_until_it_is_given_back(loader):
    pool = pool_of(loader, 4500)
    with pool.lease("small") as leased:
        use(pool, "large")
        assert "small" in pool.names and leased.module.weight.numel()
        assert pool.bytes == 1000  # the other one went when it was given back
    use(pool, "large", "middle")
    assert pool.names == ("middle",)


def test_one_larger_than_all_together_may_be_is_refused(loader):
    pool = pool_of(loader, 5000)
    use(pool, "small")
    with pytest.raises(ModelError, match=r"'huge' takes .* at most .*a processor"):
        use(pool, "huge")
    assert pool.names == ("small",)


def test_a_model_that_was_not_given_is_refused_by_name(loader):
    for name in ("evil.module:factory", "model.pkl", "../weights", "hf:someone/model"):
        with pytest.raises(ModelError, match="was started with: small, middle"):
            use(pool_of(loader, 5000), name)
    assert loader.loaded == []


def test_one_model_is_one_jobs_at_a_time(loader):
    pool, at_once, most = pool_of(loader, 10_000), [], []

    def work():
        with pool.lease("small"):
            at_once.append(1)
            most.append(len(at_once))
            time.sleep(0.02)
            at_once.pop()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most == [1] * 6 and loader.loaded == ["small"]


def test_two_models_do_not_wait_for_each_other(loader):
    pool, entered = pool_of(loader, 10_000), threading.Event()

    def other():
        with pool.lease("middle"):
            entered.set()

    with pool.lease("small"):
        threading.Thread(target=other).start()
        assert entered.wait(10)


def test_a_job_may_lease_what_it_has_leased(loader):
    pool = pool_of(loader, 10_000)
    with pool.lease("small") as outer, pool.lease("small") as inner:
        assert outer is inner


def test_a_failed_lease_is_given_back(loader):
    pool = pool_of(loader, 1500)
    with pytest.raises(ZeroDivisionError), pool.lease("small"):
        raise ZeroDivisionError
    pool.clear()
    assert pool.names == ()


def test_a_model_that_cannot_be_loaded_is_tried_again(loader):
    tries = []

    def failing(spec, device):
        tries.append(spec.name)
        raise ModelError("no weights")

    pool = ModelPool({"small": ModelSpec("small")}, CPU, 1000, failing)
    for _ in range(2):
        with pytest.raises(ModelError, match="no weights"):
            use(pool, "small")
    assert len(tries) == 2


def test_the_card_outlives_the_model(loader):
    pool = pool_of(loader, 4500)
    card = pool.card("small")
    use(pool, "large")
    assert "small" not in pool.names and pool.knows("small") and pool.card("small") is card
    assert (card.labels, card.sample_rate, card.bytes) == (("spoof", "bonafide"), RATE, 1000)
    assert card.has_gradients and card.is_detector and len(card.fingerprint) == 64


def pool_around(classifier):
    return ModelPool({"m": ModelSpec("m")}, CPU, 10**6, lambda spec, device: classifier)


def test_a_model_without_gradients_is_offered_what_works_on_it():
    function = load_classifier(
        lambda waveform: np.zeros((len(waveform), 2)),
        labels=("spoof", "bonafide"),
        sample_rate=RATE,
    )
    module, plain = (
        pool_around(each).card("m") for each in (load_classifier(HighBandDetector()), function)
    )
    assert next(iter(module.methods)) == module.default_method == "lrp"
    assert "grad-cam" in module.methods and module.methods["lrp"]
    assert set(plain.methods) == set(methods_without_gradients())
    assert next(iter(plain.methods)) == default_method(function) and not plain.has_gradients


def test_the_default_target_comes_first():
    assert pool_around(load_classifier(HighBandDetector())).card("m").targets[0] == (
        "spoof - bonafide"
    )
    targets = pool_around(load_classifier(ThreeKinds())).card("m").targets
    assert targets == ("decided", "quiet", "medium", "loud")


def test_a_model_of_a_file_weighs_what_the_file_does(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(bytes(1234))
    function = load_classifier(lambda waveform: waveform, labels=("a", "b"), sample_rate=RATE)
    assert bytes_of_model(function, ModelSpec(str(file))) == 1234


def test_the_device_says_its_name_and_memory():
    device = find_device("cpu")
    assert device.kind == "cpu" and device.memory == memory_of_machine() > 10**8
    assert "processor cores" in str(device) and "GiB" in str(device)


def test_a_device_that_is_not_there_is_a_sentence():
    with pytest.raises(ModelError, match="cuda:17"):
        find_device("cuda:17")


def test_a_gpu_is_used_where_there_is_one(monkeypatch):
    about = type("About", (), {"name": "NVIDIA H200", "total_memory": 139 * 2**30})()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: about)
    device = find_device()
    assert (device.kind, str(device)) == ("cuda:0", "NVIDIA H200, 139 GiB")
    assert find_device("cuda:1").kind == "cuda:1" and find_device("cpu").kind == "cpu"


def test_the_memory_of_a_gpu_is_given_back_when_a_model_leaves(monkeypatch):
    given_back, places = [], []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: given_back.append(pool.names))

    def load(spec, device):
        places.append(device)
        return Loader()(spec, device)

    offered = {name: ModelSpec(name) for name in SIZES}
    pool = ModelPool(offered, Device("a GPU", "cuda:0", 10**9), 4500, load)
    use(pool, "small")
    assert given_back == [] and places == ["cuda:0"]
    use(pool, "large")
    assert given_back == [("large",)]

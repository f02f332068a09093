import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from xaudio.classifiers import check_classifier, load_classifier
from xaudio.classifiers.adapters.sklearn_pipeline import PROBABILITY_FLOOR, estimator_digest
from xaudio.errors import ModelError
from xaudio.features import SpectralStatistics

RATE = 8000
LENGTH = 1600


def clips_of(kinds: int, count: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy tones, one pitch for each kind, and the kinds' names in no alphabetical order."""
    random = np.random.default_rng(seed)
    number = np.arange(count) % kinds
    times = np.arange(LENGTH) / RATE
    tones = 0.3 * np.sin(2 * np.pi * (300 + 500 * number[:, None]) * times)
    noise = 0.1 * random.normal(size=tones.shape)
    names = np.array(["real", "fake", "tuba", "bell"])[number]
    return (tones + noise).astype(np.float32), names


def fitted(last: BaseEstimator, kinds: int = 2) -> Pipeline:
    return make_pipeline(SpectralStatistics(RATE), StandardScaler(), last).fit(*clips_of(kinds))


def detector() -> Pipeline:
    """A factory by name."""
    return fitted(LogisticRegression())


def unfitted() -> Pipeline:
    return make_pipeline(SpectralStatistics(RATE), LogisticRegression())


ready = detector()
CLIPS = clips_of(2, seed=1)[0]


def logits(model, clips=CLIPS, **wishes) -> np.ndarray:
    return load_classifier(model, **wishes)(torch.from_numpy(clips)).numpy()


def test_one_decision_for_two_classes_is_the_difference_of_the_logits():
    classifier = load_classifier(ready)
    assert (classifier.labels, classifier.sample_rate) == (("spoof", "bonafide"), RATE)
    assert (classifier.module, classifier.layers) == (None, ())
    decisions = ready.decision_function(CLIPS)
    both = logits(ready)
    assert np.allclose(both[:, 1] - both[:, 0], decisions, rtol=1e-5)
    assert np.allclose(both.sum(axis=1), 0)
    # the second of classes_ is "real": the score is high where the pipeline says so
    assert np.array_equal(classifier.score(torch.from_numpy(CLIPS)) > 0, decisions > 0)
    check_classifier(classifier)


def test_many_decisions_are_the_logits():
    pipeline = fitted(LogisticRegression(), kinds=4)
    assert load_classifier(pipeline).labels == tuple(pipeline.classes_)
    clips = clips_of(4, seed=1)[0]
    assert np.allclose(logits(pipeline, clips), pipeline.decision_function(clips), rtol=1e-5)


def test_probabilities_become_logarithms_that_are_finite():
    forest = fitted(RandomForestClassifier(5, random_state=0), kinds=3)
    clips = clips_of(3, seed=1)[0]
    probabilities = forest.predict_proba(clips)
    assert (probabilities == 0).any()
    expected = np.log(np.where(probabilities == 0, PROBABILITY_FLOOR, probabilities))
    assert np.allclose(logits(forest, clips), expected, rtol=1e-6)
    check_classifier(load_classifier(forest))


def test_votes_for_pairs_of_classes_are_never_taken_for_votes_for_classes():
    """Three classes have three pairs: the shape alone does not tell."""
    pairs = fitted(SVC(decision_function_shape="ovo"), kinds=3)
    assert pairs.decision_function(CLIPS).shape == (len(CLIPS), 3)
    with pytest.raises(ModelError, match=r"decides between pairs .*decision_function_shape='ovr'"):
        load_classifier(pairs)
    assert logits(fitted(SVC(decision_function_shape="ovo"))).shape == (len(CLIPS), 2)


def test_a_search_for_settings_is_the_pipeline_it_found():
    steps = make_pipeline(SpectralStatistics(RATE), StandardScaler(), LogisticRegression())
    search = GridSearchCV(steps, {"logisticregression__C": [0.1, 10.0]}, cv=2).fit(*clips_of(2))
    assert load_classifier(search).sample_rate == RATE
    both = logits(search)
    assert np.allclose(both[:, 1] - both[:, 0], search.decision_function(CLIPS), rtol=1e-5)


def test_a_length_is_fixed_where_the_first_step_takes_no_other():
    clips, names = clips_of(2)
    on_samples = make_pipeline(StandardScaler(), LogisticRegression()).fit(clips, names)
    fixed = load_classifier(on_samples, sample_rate=RATE)
    assert (fixed.fit.name, fixed.fit.length) == ("tile", LENGTH)
    check_classifier(fixed)
    levels = FunctionTransformer(lambda waves: np.std(waves, axis=1, keepdims=True))
    on_levels = make_pipeline(levels, LogisticRegression()).fit(clips, names)
    assert on_levels.n_features_in_ == LENGTH
    assert load_classifier(on_levels, sample_rate=RATE).fit.name == "any"
    assert load_classifier(ready).fit.name == "any"


def test_numbers_are_no_labels_until_named_and_names_stand_in_the_models_order():
    clips, names = clips_of(2)
    numbered = clone(ready).fit(clips, names == "real")
    with pytest.raises(ModelError, match=r"classes False, True, .*labels= \(--label"):
        load_classifier(numbered)
    named = load_classifier(numbered, labels=("fake", "real"))
    assert named.labels == ("spoof", "bonafide")
    with pytest.raises(ModelError, match=r"real, fake were given .* classes are fake, real"):
        load_classifier(ready, labels=("real", "fake"))
    with pytest.raises(ModelError, match="bonafide, synthetic were given"):
        load_classifier(ready, labels=("bonafide", "synthetic"))
    assert load_classifier(ready, labels=("synthetic", "human")).labels == ("spoof", "bonafide")
    with pytest.raises(ModelError, match="a, b, c were given"):
        load_classifier(ready, labels=("a", "b", "c"))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (unfitted(), "'Pipeline' is not fitted; call its fit"),
        (LogisticRegression, "is not fitted"),
        (IsolationForest(n_estimators=5).fit(CLIPS), "has not one row of two or more classes"),
        (LinearRegression().fit(CLIPS, CLIPS[:, 0]), "neither decision_function nor predict_proba"),
        (RandomForestClassifier(2).fit(CLIPS, np.eye(12, 2).astype(int)), "has not one row of two"),
    ],
)
def test_what_is_no_fitted_classifier_is_refused(model, message):
    with pytest.raises(ModelError, match=message):
        load_classifier(model, sample_rate=RATE)


def test_the_rate_is_asked_for_where_no_step_says_it_and_weights_are_refused():
    bare = LogisticRegression().fit(*clips_of(2))
    with pytest.raises(ModelError, match="does not say its sample rate"):
        load_classifier(bare)
    with pytest.raises(ModelError, match="brings its own weights"):
        load_classifier(ready, weights="w.pth")


@pytest.mark.parametrize("suffix", ["joblib", "pkl", "pickle", "skops"])
def test_a_file_that_could_run_code_is_refused_unopened(tmp_path, suffix):
    path = tmp_path / f"model.{suffix}"
    with pytest.raises(ModelError, match=r"can run code.*package.module:factory"):
        load_classifier(path)


@pytest.mark.parametrize("name", ["detector", "ready"])
def test_a_factory_or_the_pipeline_itself_by_name(name):
    classifier = load_classifier(f"{__name__}:{name}")
    assert classifier.name == name
    assert np.allclose(classifier(torch.from_numpy(CLIPS)).numpy(), logits(ready))


class Louder(TransformerMixin, BaseEstimator):
    """A step of the user's own."""

    def __init__(self, gain=2.0):
        self.gain = gain

    def fit(self, X, y=None):  # noqa: N803
        return self

    def transform(self, X):  # noqa: N803
        return self.gain * np.asarray(X)


LAST_STEPS = [
    LogisticRegression(),
    RandomForestClassifier(3, random_state=0),
    HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2, random_state=0),
    KNeighborsClassifier(2, algorithm="kd_tree"),
    SVC(kernel="rbf"),
]


@pytest.mark.parametrize("last", LAST_STEPS, ids=lambda last: type(last).__name__)
def test_the_fingerprint_follows_settings_and_all_that_was_learnt(last):
    steps = make_pipeline(Louder(), FunctionTransformer(np.abs), StandardScaler(), last)
    clips, names = clips_of(2)
    one, again = (clone(steps).fit(clips, names) for _ in range(2))
    assert estimator_digest(one) == estimator_digest(again)
    assert estimator_digest(one) == estimator_digest(pickle.loads(pickle.dumps(one)))
    other = clone(steps).fit(np.roll(clips, 1, axis=0) ** 2, names)
    louder = clone(steps).set_params(louder__gain=3.0).fit(clips, names)
    assert len({estimator_digest(each) for each in (one, other, louder)}) == 3
    one.set_params(verbose=True)
    assert estimator_digest(one) == estimator_digest(again)
    assert load_classifier(one, sample_rate=RATE).fingerprint == estimator_digest(one)


def test_the_fingerprint_sees_the_source_of_functions():
    one = FunctionTransformer(lambda waves: waves)
    other = FunctionTransformer(lambda waves: 2 * waves)
    assert estimator_digest(one) != estimator_digest(other)


class Gain:
    """No estimator, but what a step of the user's own may hold."""

    def __init__(self, decibels):
        self.decibels = decibels


def test_the_fingerprint_sees_into_any_object_but_not_between_the_fields_of_records():
    def of(value):
        return estimator_digest(FunctionTransformer(np.abs, kw_args={"by": value}))

    assert of(Gain(1.0)) == of(Gain(1.0)) != of(Gain(2.0))
    layout = np.dtype([("flag", "u1"), ("value", "f8")], align=True)
    records = [np.frombuffer(bytes([1, *[pad] * 7]) + bytes(8), layout) for pad in (0, 255)]
    assert of(records[0]) == of(records[1])
    assert of(records[0]) != of(np.frombuffer(bytes([2]) + bytes(15), layout))


def test_the_fingerprint_is_the_same_in_another_process(tmp_path):
    """Sets come in another order there; fitted again, the last bits may differ."""
    words = FunctionTransformer(np.abs, kw_args={"words": {"one", "two", "three", "four"}})
    pipeline = Pipeline([("words", words), *ready.steps])
    (tmp_path / "pipeline").write_bytes(pickle.dumps(pipeline))
    code = (
        "import pickle, sys\n"
        "from xaudio.classifiers.adapters.sklearn_pipeline import estimator_digest\n"
        "print(estimator_digest(pickle.load(open(sys.argv[1], 'rb'))))"
    )
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "pipeline")],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(Path(__file__).parents[4]), "PYTHONHASHSEED": seed},
        )
        assert found.stdout.strip() == estimator_digest(pipeline)


def test_explain_takes_a_factory_of_a_pipeline(tmp_path, capsys):
    import json

    import soundfile

    from xaudio.cli.main import run

    half = np.concatenate([clips_of(1)[0][0], clips_of(2)[0][1]])  # real, then fake
    soundfile.write(tmp_path / "voice.wav", half, RATE)
    arguments = ["--model", f"{__name__}:detector", "--method", "occlusion"]
    arguments += ["--setting", "window=0.1", "--out", str(tmp_path / "out"), "--json"]
    assert run(["explain", str(tmp_path / "voice.wav"), *arguments]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["provenance"]["weights_sha256"] == estimator_digest(ready)
    assert found["target"] == "spoof - bonafide"
    strongest = max(found["strongest"], key=lambda stretch: stretch["relevance"])
    assert strongest["start"] >= 0.2 - 0.1

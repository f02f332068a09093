from xaudio.classifiers.classifier import Classifier
from xaudio.classifiers.contract import check_classifier
from xaudio.classifiers.loading import load_classifier

__all__ = ["Classifier", "check_classifier", "load_classifier"]

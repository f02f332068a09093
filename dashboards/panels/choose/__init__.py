"""What a page is about: a clip, a model, methods with their settings, and the number explained.

Every choice is kept when another page is opened, and stands in the address bar.
"""

from dashboards.panels.choose.clip import ChosenClip, choose_clip
from dashboards.panels.choose.method import ChosenMethod, choose_method, choose_methods
from dashboards.panels.choose.model import ChosenModel, choose_model, choose_models
from dashboards.panels.choose.target import choose_target

__all__ = [
    "ChosenClip",
    "ChosenMethod",
    "ChosenModel",
    "choose_clip",
    "choose_method",
    "choose_methods",
    "choose_model",
    "choose_models",
    "choose_target",
]

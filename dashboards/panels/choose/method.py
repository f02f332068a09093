"""The methods that explain, one or several, each with its settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboards import links
from dashboards.panels.choose.model import ChosenModel
from dashboards.panels.choose.settings import Chosen, choose_settings

if TYPE_CHECKING:
    from explainers.explainer import Explainer

MOST_METHODS = 4


@dataclass(frozen=True)
class ChosenMethod:
    """A method and the settings that were changed.

    Attributes:
        name: Of the method.
        changed: Names and values of the settings that differ from their defaults.
    """

    name: str
    changed: Chosen = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        """The same as a mapping."""
        return dict(self.changed)

    def load(self) -> "Explainer":
        """The method itself.

        Raises:
            ExplanationError: A setting does not fit.
        """
        from xaudio.explaining import load_method

        return load_method(self.name, self.settings)


def choose_method(model: ChosenModel) -> ChosenMethod:
    """The widgets for one method that this model allows, and its settings."""
    on_offer = model.methods
    links.adopt("method", list(on_offer))
    name = st.selectbox("Method", list(on_offer), key="method", persist_state="session")
    name = name or model.default_method
    st.caption(on_offer[name])
    links.write("method", name)
    return ChosenMethod(name, choose_settings(name))


def choose_methods(model: ChosenModel) -> tuple[ChosenMethod, ...]:
    """The widgets for methods to look at side by side, and their settings; at least one."""
    on_offer = model.methods
    links.adopt_all("methods", list(on_offer), [model.default_method])
    names = st.multiselect(
        "Methods",
        list(on_offer),
        key="methods",
        persist_state="session",
        max_selections=MOST_METHODS,
        help="Several are shown side by side, with how far they agree.",
    ) or [model.default_method]
    if len(names) == 1:
        st.caption(on_offer[names[0]])
    links.write("methods", *names)
    return tuple(ChosenMethod(name, choose_settings(name)) for name in names)

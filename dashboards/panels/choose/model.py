"""The model that is asked: one or several of those the dashboard was given."""

import streamlit as st

from dashboards import links
from dashboards.evaluation import ModelCard, evaluation
from dashboards.markdown import literal
from dashboards.panels.waiting import model_card

ChosenModel = ModelCard


def choose_model() -> ChosenModel | None:
    """The widget for a model; None while a link's model is not on offer and none was chosen.

    Raises:
        ModelError: The model cannot be loaded.
    """
    on_offer = list(evaluation().given.models)
    links.adopt("model", on_offer)
    name = st.selectbox(
        "Model",
        on_offer,
        key="model",
        persist_state="session",
        on_change=links.settle,
        args=("model",),
        placeholder="Choose a model",
    )
    if name is None:
        _tell_unmet("model")
        return None
    links.write("model", name)
    return model_card(name)


def choose_models() -> tuple[ChosenModel, ...]:
    """The widget for several models; none while nothing is chosen.

    Raises:
        ModelError: One of them cannot be loaded.
    """
    on_offer = list(evaluation().given.models)
    links.adopt_all("models", on_offer, on_offer[:1])
    names = st.multiselect(
        "Models",
        on_offer,
        key="models",
        persist_state="session",
        on_change=links.settle,
        args=("models",),
    )
    _tell_unmet("models")
    links.write("models", *names)
    return tuple(model_card(name) for name in names)


def _tell_unmet(name: str) -> None:
    asked = links.unmet(name)
    if asked:
        st.warning(
            literal(f"The link asks for the model '{asked}', which this dashboard was not given.")
            + " Choose another, or start the dashboard with `--model`.",
            icon=":material/link_off:",
        )

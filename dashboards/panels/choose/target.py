"""Which number is explained."""

import streamlit as st

from dashboards import links
from dashboards.panels.choose.model import ChosenModel
from perturbations.errors import UserError

_OF = "target.of"  # the model for which the target was chosen


def choose_target(model: ChosenModel) -> str:
    """The widget for the number that is explained."""
    options = targets_for(model)
    _adopt(model)
    target = st.selectbox(
        "Target",
        options,
        key="target",
        persist_state="session",
        accept_new_options=True,
        help="The number that is explained: a label, 'one - other', 'log-odds:label', or "
        "'decided' for whatever the model says.",
    )
    target = target or model.default_target
    links.write("target", target)
    return target


def targets_for(model: ChosenModel) -> list[str]:
    """Numbers worth explaining, the model's default first."""
    return list(dict.fromkeys([model.default_target, *model.labels, "decided"]))


def _adopt(model: ChosenModel) -> None:
    """What the address says; what was chosen for another model only where it means something."""
    for said in links.news("target"):
        st.session_state["target"] = said
        st.session_state[_OF] = model.name
    changed = st.session_state.get(_OF, model.name) != model.name
    if changed and not _means_something(st.session_state.get("target"), model):
        st.session_state["target"] = model.default_target
    st.session_state[_OF] = model.name


def _means_something(target: str | None, model: ChosenModel) -> bool:
    from explainers.targets import DECIDED, parse_target

    try:
        return target == DECIDED or bool(parse_target(target or "", model.labels))
    except UserError:
        return False

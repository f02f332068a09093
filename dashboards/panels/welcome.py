"""What a newcomer sees before a clip is chosen."""

import streamlit as st

from dashboards import links
from dashboards.evaluation import evaluation
from dashboards.markdown import literal

MOST_EXAMPLES = 4


def show_welcome() -> None:
    """One sentence, and an example to click where there is one."""
    st.header("Inspect", anchor=False)
    st.markdown(
        "Choose a clip on the left, press **Explain**, and see what the model decided and which "
        "parts of the sound that decision rests on. Nothing leaves this machine."
    )
    examples = list(evaluation().clips.offered())[:MOST_EXAMPLES]
    if not examples:
        return
    st.markdown("Or begin with one of these:")
    with st.container(horizontal=True):
        for name in examples:
            st.button(
                literal(name),
                key=f"example.{name}",
                icon=":material/graphic_eq:",
                on_click=_choose,
                args=(name,),
            )


def _choose(name: str) -> None:
    st.session_state["source"], st.session_state["clip"] = "Folder", name
    links.settle("clip")

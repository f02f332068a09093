"""Interactive charts in Plotly: they draw what functions below have worked out, in its colours."""

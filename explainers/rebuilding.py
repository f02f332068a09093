"""The same kind of model around another module."""

from torch import nn

from explainers.contract import ModuleModel
from explainers.explainer import ExplainableModel


def rebuilt(model: ExplainableModel, module: nn.Module) -> ExplainableModel:
    """The same kind of model around another module; it shares nothing that could be changed.

    A model that prepares clips before its module says how by a method ``with_module``; of others
    the module is taken to be all.
    """
    with_module = getattr(model, "with_module", None)
    if with_module is not None:
        other: ExplainableModel = with_module(module)
        return other
    return ModuleModel(module.eval(), model.sample_rate, tuple(model.labels))

"""Local models by name; each is one Python file (names, units, parameters) and one C header (equations)."""

from cosim.models.wholebrain.models.linear import LINEAR
from cosim.models.wholebrain.models.model import Input, Model, Variable, read_parameters
from cosim.models.wholebrain.models.reduced_wong_wang import REDUCED_WONG_WANG
from cosim.models.wholebrain.models.wilson_cowan import WILSON_COWAN

MODELS = {model.name: model for model in (LINEAR, WILSON_COWAN, REDUCED_WONG_WANG)}

__all__ = ["MODELS", "Input", "Model", "Variable", "read_parameters"]

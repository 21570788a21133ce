"""Connectomes: read them in several formats, check them, and prepare them for a simulation."""

from cosim.models.wholebrain.connectome.data import Array, Connectome, problems_of
from cosim.models.wholebrain.connectome.digest import connectome_digest
from cosim.models.wholebrain.connectome.finding import IN_TVB_DATA, find
from cosim.models.wholebrain.connectome.preparation import prepared
from cosim.models.wholebrain.connectome.tvb_zip import read_tvb_zip

__all__ = ["IN_TVB_DATA", "Array", "Connectome", "connectome_digest", "find", "prepared", "problems_of", "read_tvb_zip"]

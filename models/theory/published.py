"""Transfer functions that others have fitted: cortical cells, and four cells of the cerebellum."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cosim.models.theory.moments import Membrane, Shape, Synapses
from cosim.models.theory.transfer import Form, Transfer

_CORTEX = Membrane(200.0, 10.0, -65.0)
_CORTICAL = (Synapses(400, 1.5, 5.0, 0.0), Synapses(100, 5.0, 5.0, -80.0))
_OUTSIDE = Synapses(400, 1.5, 5.0, 0.0)
_EXCITATORY = (-0.04983106, 0.005063550882777035, -0.023470121807314552, 0.0022951513725067503, -0.0004105302652029825,
               0.010547051343547399, -0.03659252821136933, 0.007437487505797858, 0.001265064721846073, -0.04072161294490446)
_INHIBITORY = (-0.05149122024209484, 0.004003689190271077, -0.008352013668528155, 0.0002414237992765705, -0.0005070645080016026,
               0.0014345394104282397, -0.014686689498949967, 0.004502706285435741, 0.0028472190352532454, -0.015357804594594548)


def _cerebellar(membrane: Membrane, gain: float, coefficients: tuple[float, ...], *synapses: Synapses) -> Transfer:
    return Transfer(membrane, synapses, Shape.ALPHA_AS_PUBLISHED, Form.CONDUCTANCE, coefficients, gain)


def with_outside(cell: Transfer) -> Transfer:
    """Return a cortical cell that also has excitatory synapses from outside, as many as its own; their rate comes last."""
    return Transfer(cell.membrane, (*cell.synapses, _OUTSIDE), cell.shape, cell.form, cell.coefficients, cell.gain)


CORTICAL: Mapping[str, Transfer] = MappingProxyType({
    "RS": Transfer(_CORTEX, _CORTICAL, Shape.EXPONENTIAL, Form.QUADRATIC, _EXCITATORY),
    "FS": Transfer(_CORTEX, _CORTICAL, Shape.EXPONENTIAL, Form.QUADRATIC, _INHIBITORY)})
"""Excitatory, regular-spiking, and inhibitory, fast-spiking, AdEx neurons; rates of excitatory and inhibitory sources. Source: di Volo et
al. 2019, Neural Comput 31:653, with the parameters of the default mean-field model of The Virtual Brain, zerlaut.py."""

CEREBELLAR: Mapping[str, Transfer] = MappingProxyType({
    "GrC": _cerebellar(Membrane(7.0, 0.2899, -62.0), 2.0, (-0.4257668171, 0.006907239, 0.0226774157, 0.481953868, 0.2162020132),
                       Synapses(4, 0.23, 1.9, 0.0), Synapses(2.5, 0.336, 4.5, -80.0)),
    "GoC": _cerebellar(Membrane(145.0, 3.2955, -62.0), 1.3, (-0.1439093113, 0.0039331886, 0.0114113179, 0.0312578655, 0.0106887142),
                       Synapses(35, 0.24, 5.0, 0.0), Synapses(501.98, 0.437, 1.25, 0.0), Synapses(16.2, 1.12, 5.0, -80.0)),
    "MLI": _cerebellar(Membrane(14.6, 1.6, -68.0), 5.0, (-0.1278835884, -0.0012298669, 0.0121505968, -0.0931119366, -0.0631832844),
                       Synapses(243.96, 0.154, 0.64, 0.0), Synapses(14.2, 0.532, 2.0, -80.0)),
    "PC": _cerebellar(Membrane(334.0, 7.1064, -59.0), 5.0, (-0.0799993322, 0.0084720043, 0.0042341723, 0.0062240391, 0.0137617122),
                      Synapses(374.5, 1.126, 1.1, 0.0), Synapses(10.28, 1.244, 2.8, -80.0))})
"""E-GLIF neurons; rates of mossy fibres and Golgi cells (GrC), of mossy fibres, granule and Golgi cells (GoC), of granule cells and
interneurons (MLI, PC). Source: Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434, and its code, RobertaMLo/CRBL_MF."""

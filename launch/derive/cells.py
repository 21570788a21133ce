"""Name the neurons whose transfer functions can be derived, with their synapses and the rates at which these are tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ruamel.yaml import YAML

from cosim.errors import InputError, Problem
from cosim.launch.derive.grid import Axis
from cosim.models.microcircuit.network.file import SHIPPED
from cosim.models.microcircuit.network.quantities import quantity
from cosim.models.microcircuit.neurons import model, names
from cosim.models.theory.moments import Membrane, Shape, Synapses
from cosim.models.theory.published import CEREBELLAR, CORTICAL
from cosim.models.theory.siegert import Cell as Integrator
from cosim.models.theory.transfer import Form, Transfer
from cosim.registry import did_you_mean


@dataclass(frozen=True, slots=True)
class Source:
    """Hold what a neuron hears from one population.

    Parameters
    ----------
    axis : Axis
        Its name, and the rates of one of its neurons that are tried.
    number : float
        Synapses from it.
    weight : str
        Of each, with its unit.
    receptor : str
        On which they act.
    tau, reversal : str
        Parameters of the neuron that hold the time constant and the reversal potential; empty where there is none.
    """

    axis: Axis
    number: float
    weight: str
    receptor: str
    tau: str = ""
    reversal: str = ""


@dataclass(frozen=True, slots=True)
class Neuron:
    """Hold a neuron, its sources, and the form in which its rate is to be written.

    Parameters
    ----------
    name, about : str
        What it is called, and what it is.
    parameters : mapping of str to str
        As in a network file, with `model`.
    sources : tuple of Source
        What it hears.
    settles_ms : float
        How long it takes to settle, ms.
    form : (Shape, Form, float) or None
        Of conductances and threshold, and the gain; None for Siegert's theory, which has nothing to fit.
    published : Transfer or None
        What others have fitted.
    key : str
        Under which `transfer.json` holds the coefficients.
    """

    name: str
    about: str
    parameters: Mapping[str, str]
    sources: tuple[Source, ...]
    settles_ms: float
    form: tuple[Shape, Form, float] | None = None
    published: Transfer | None = None
    key: str = ""

    def value(self, name: str, unit: str) -> float:
        """Return a parameter of the neuron in a unit, the model's own where none is given."""
        known = {p.name: p for p in model(self.parameters["model"]).parameters}
        return _quantity(self.parameters[name], unit, name) if name in self.parameters else float(known[name].default)

    def changed(self, values: Mapping[str, str]) -> Neuron:
        """Return the neuron with other parameters."""
        known = {p.name: p.unit for p in model(self.parameters["model"]).parameters}
        for name, value in values.items():
            if name not in known:
                raise InputError(Problem(f"{self.parameters['model']} has no parameter '{name}'", "--set",
                                         remedy=did_you_mean(name, list(known)) or f"cosim neurons {self.parameters['model']}"))
            _quantity(value, known[name], f"--set {name}")
        return replace(self, parameters={**self.parameters, **values})

    def formed(self, form: Form | None, shape: Shape | None) -> Neuron:
        """Return the neuron with another form of its threshold or of its conductances, where one is given."""
        if self.form is None:
            if form or shape:
                raise InputError(Problem(f"{self.parameters['model']} has nothing to fit: its rate is that of Siegert's theory",
                                         "--form" if form else "--moments", remedy="leave it out"))
            return self
        if shape and self.form[0] is Shape.EXPONENTIAL:
            raise InputError(Problem(f"the conductances of {self.parameters['model']} are exponential; their moments can be had in one way",
                                     "--moments", "eglif_cond_alpha", "leave it out"))
        return replace(self, form=(shape or self.form[0], form or self.form[1], self.form[2]))

    def transfer(self) -> Transfer:
        """Return the transfer function without its coefficients."""
        assert self.form is not None
        shape, form, gain = self.form
        known = {p.name for p in model(self.parameters["model"]).parameters}
        c_m = self.value("C_m", "pF")
        g_l = self.value("g_L", "nS") if "g_L" in known else c_m / self.value("tau_m", "ms")
        synapses = tuple(Synapses(s.number, _quantity(s.weight, "nS", "weight"), self.value(s.tau, "ms"), self.value(s.reversal, "mV"))
                         for s in self.sources)
        return Transfer(Membrane(c_m, g_l, self.value("E_L", "mV")), synapses, shape, form, (0.0,) * len(form.value), gain)

    def integrator(self) -> tuple[Integrator, tuple[float, ...]]:
        """Return the neuron as Siegert's theory knows it, and by how much a spike of each source moves the potential, mV."""
        rest, currents = self.value("E_L", "mV"), "iaf_psc_exp" in self.parameters["model"]
        taus = {self.value(s.tau, "ms") for s in self.sources} if currents else {0.0}
        if len(taus) > 1:
            said = " and ".join(f"{t:g} ms" for t in sorted(taus))
            raise InputError(Problem(f"the synaptic currents decay with different time constants, {said}", "--set",
                                     "one time constant, which the theory is for", "set tau_syn_ex and tau_syn_in alike"))
        tau, c_m = taus.pop(), self.value("C_m", "pF")
        jumps = tuple(_quantity(s.weight, "pA", "weight") * tau / c_m if currents else _quantity(s.weight, "mV", "weight")
                      for s in self.sources)
        return Integrator(self.value("tau_m", "ms"), self.value("V_th", "mV") - rest, self.value("V_reset", "mV") - rest,
                          self.value("t_ref", "ms"), tau), jumps


def _quantity(text: str, unit: str, where: str) -> float:
    try:
        return float(quantity(text, unit)[0])
    except ValueError as error:
        raise InputError(Problem(str(error), where)) from None


def neurons(name: str) -> dict[str, Neuron]:
    """Return the neurons of a model by name; raise `InputError` for a model that cannot be derived."""
    known = {"aeif_cond_exp": _cortical, "eglif_cond_alpha": _cerebellar, "iaf_cond_exp": _leaky, "iaf_psc_exp": _currents,
             "iaf_psc_delta": _jumps}
    if name in known:
        return {n.name: n for n in known[name]()}
    if name not in names():
        raise InputError(Problem(f"there is no neuron model '{name}'", expected="one of " + ", ".join(known),
                                 remedy=did_you_mean(name, list(known))))
    units = {r.unit for r in model(name).receptors}
    what = ("its synapses are conductances, but there is no form of its threshold" if "nS" in units else
            "it has no synaptic conductances, which the semi-analytic form is written in, and Siegert's theory is not for it")
    raise InputError(Problem(f"no transfer function of {name} can be derived: {what}", expected="one of " + ", ".join(known)))


def _pair(excitation: tuple[float, ...], inhibition: tuple[float, ...], weights: tuple[str, str], numbers: tuple[float, float],
          receptors: tuple[str, str] = ("ex", "in"), reversals: tuple[str, str] = ("E_ex", "E_in"),
          taus: tuple[str, str] = ("tau_syn_ex", "tau_syn_in")) -> tuple[Source, ...]:
    axes = Axis("exc", excitation), Axis("inh", inhibition)
    return tuple(Source(*each) for each in zip(axes, numbers, weights, receptors, taus, reversals, strict=True))


def _cortical() -> tuple[Neuron, ...]:
    """Return the cells of di Volo et al. 2019, Neural Comput 31:653; the peak is five widths above the threshold there."""
    both = {"model": "aeif_cond_exp", "C_m": "200 pF", "g_L": "10 nS", "E_L": "-65 mV", "V_th": "-50 mV", "V_reset": "-65 mV",
            "t_ref": "5 ms", "E_ex": "0 mV", "E_in": "-80 mV", "tau_syn_ex": "5 ms", "tau_syn_in": "5 ms", "tau_w": "500 ms"}
    form = Shape.EXPONENTIAL, Form.QUADRATIC, 1.0
    hears, soon = (_pair(rates, (1, 3, 6, 10, 15, 20), ("1.5 nS", "5 nS"), (400, 100))
                   for rates in ((1, 2, 3, 4.5, 6, 8, 10, 12), (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12)))
    slow = {**both, "Delta_T": "2 mV", "V_peak": "-40 mV", "a": "4 nS", "b": "60 pA"}
    fast = {**both, "Delta_T": "0.5 mV", "V_peak": "-47.5 mV", "a": "0 nS", "b": "0 pA"}
    return (Neuron("RS", "excitatory, regular-spiking, adapts", slow, hears, 2000, form, CORTICAL["RS"], "P_e"),
            Neuron("FS", "inhibitory, fast-spiking", fast, soon, 200, form, CORTICAL["FS"], "P_i"))


def _leaky() -> tuple[Neuron, ...]:
    cell = {"model": "iaf_cond_exp", "C_m": "200 pF", "g_L": "10 nS", "E_L": "-65 mV", "V_th": "-50 mV", "V_reset": "-65 mV",
            "t_ref": "5 ms", "E_ex": "0 mV", "E_in": "-80 mV", "tau_syn_ex": "5 ms", "tau_syn_in": "5 ms"}
    hears = _pair((1, 2, 3, 4.5, 6, 8, 10, 12), (1, 3, 6, 10, 15, 20), ("1.5 nS", "5 nS"), (400, 100))
    return (Neuron("LIF", "leaky, without adaptation", cell, hears, 200, (Shape.EXPONENTIAL, Form.QUADRATIC, 1.0), key="P"),)


def _cerebellar() -> tuple[Neuron, ...]:
    """Return the shipped cells with the synapses of Lorenzi et al. 2023, PLoS Comput Biol 19:e1011434."""
    kinds = YAML(typ="safe").load((SHIPPED / "cerebellar_cells.yaml").read_text())["neurons"]
    heard: dict[str, tuple[str, str, tuple[tuple[str, str, tuple[float, ...]], ...]]] = {
        "GrC": ("granule_cell", "granule cell", (("mf", "1", (8, 16, 24, 32, 40, 50, 60, 70)), ("goc", "2", (2, 5, 10, 15, 20)))),
        "GoC": ("golgi_cell", "Golgi cell", (("mf", "1", (2, 5, 10, 20, 40)), ("grc", "3", (0.5, 1, 2, 4)), ("goc", "2", (2, 10, 30)))),
        "MLI": ("molecular_layer_interneuron", "interneuron of the molecular layer",
                (("grc", "1", (0.5, 1, 2, 3, 4, 6, 8)), ("mli", "2", (5, 10, 20, 30, 40)))),
        "PC": ("purkinje_cell", "Purkinje cell", (("grc", "1", (0.2, 0.5, 1, 1.5, 2, 3, 4)), ("mli", "2", (2, 5, 10, 20, 30))))}
    found = []
    for name, (kind, about, sources) in heard.items():
        published = CEREBELLAR[name]
        parameters = {key: str(value) for key, value in kinds[kind].items()}
        parameters |= {f"tau_syn{r}": f"{s.tau:g} ms" for (_, r, _), s in zip(sources, published.synapses, strict=True)}
        hears = tuple(Source(Axis(axis, rates), s.number, f"{s.weight:g} nS", r, f"tau_syn{r}", f"E_rev{r}")
                      for (axis, r, rates), s in zip(sources, published.synapses, strict=True))
        form = published.shape, published.form, published.gain
        found.append(Neuron(name, about, parameters, hears, 1000, form, published, f"P_{name}"))
    return tuple(found)


def _currents() -> tuple[Neuron, ...]:
    cell = {"model": "iaf_psc_exp", "C_m": "250 pF", "tau_m": "10 ms", "tau_syn_ex": "0.5 ms", "tau_syn_in": "0.5 ms", "t_ref": "2 ms",
            "E_L": "-65 mV", "V_reset": "-65 mV", "V_th": "-50 mV"}
    hears = _pair((3, 4, 5, 6, 8, 10, 12, 14), (1, 2, 4, 6), ("87.8 pA", "-351.2 pA"), (1600, 400), reversals=("", ""))
    return (Neuron("LIF", "leaky, of the column of Potjans and Diesmann", cell, hears, 200),)


def _jumps() -> tuple[Neuron, ...]:
    cell = {"model": "iaf_psc_delta", "C_m": "250 pF", "tau_m": "20 ms", "t_ref": "2 ms", "E_L": "0 mV", "V_reset": "10 mV",
            "V_th": "20 mV"}
    hears = _pair((8, 12, 16, 20, 25, 30, 35, 40), (2, 5, 10, 15), ("0.1 mV", "-0.5 mV"), (1000, 250), ("delta", "delta"), ("", ""),
                  ("", ""))
    return (Neuron("LIF", "leaky, of Brunel's network", cell, hears, 300),)

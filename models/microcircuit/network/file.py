"""Read a network from a YAML file; tell everything that is wrong with it at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cosim.errors import InputError, Problem, raise_all
from cosim.models.microcircuit.network.cells import WEIGHT_UNITS, Cell, populations_of, weight_in, weights_in
from cosim.models.microcircuit.network.data import DRAWN, RULES, Network, Population, Projection, edges
from cosim.models.microcircuit.network.device_file import devices_of
from cosim.models.microcircuit.network.distribution import Distribution
from cosim.models.microcircuit.network.edge_file import read_edges
from cosim.models.microcircuit.network.plasticity import Plasticity, Stdp, plasticity_of
from cosim.models.microcircuit.network.rules import possible
from cosim.models.microcircuit.network.section import Section
from cosim.models.microcircuit.network.sonata.circuit import read_circuit
from cosim.models.microcircuit.network.sonata.network import network_of
from cosim.models.microcircuit.network.spread import distribution, spread
from cosim.models.microcircuit.propagators import synapses_of_probability
from cosim.registry import did_you_mean

SHIPPED = Path(__file__).parents[1] / "networks"
_NUMBERS = {"fixed_total_number": ("probability", "number"), "fixed_indegree": ("indegree",), "fixed_outdegree": ("outdegree",),
            "pairwise_bernoulli": ("probability",), "arrays": ("edges",)}


@dataclass(frozen=True, slots=True)
class _Synapse:
    """Hold what projections share; the weight comes with its unit."""

    weights: tuple[Distribution, str]
    receptor: str | None
    delays: Distribution
    plasticity: Plasticity | None = None
    w_max: tuple[Fraction, str] | None = None


def find_network(name: str, folder: Path) -> Path:
    """Return the file of a shipped network, or of one named by its path relative to `folder`."""
    if name.endswith((".yaml", ".yml", ".json")):
        path = folder / name
        if not path.is_file():
            raise InputError(Problem(f"there is no network file '{path}'",
                                     remedy="correct the path; it is relative to the experiment file"))
        return path
    shipped = sorted(p.stem for p in SHIPPED.glob("*.yaml"))
    if name not in shipped:
        raise InputError(Problem(f"there is no shipped network '{name}'", expected="one of them, or the path of a .yaml or SONATA .json",
                                 remedy=did_you_mean(name, shipped)))
    return SHIPPED / f"{name}.yaml"


def read_network(path: Path) -> Network:
    """Return the network that a file describes: our own YAML, or the configuration of a SONATA circuit or simulation, ``.json``.

    Raises
    ------
    InputError
        With everything that is wrong with it.
    """
    if path.suffix == ".json":
        return network_of(read_circuit(path))
    problems: list[Problem] = []
    top = Section(_load(path), path, "", problems)
    name = top.text("name", path.stem)
    populations = populations_of(top.section("populations"), top.section("neuron"), top.section("neurons"), top.section("background"))
    synapses = {key: _synapse(part) for key, part in top.section("synapses").sections().items()}
    items = top.list("projections")
    projections = [_projection(Section(item, path, f"projections[{i}]", problems), populations, synapses) for i, item in enumerate(items)]
    drivers = top.section("devices")
    top.finish()
    if not populations and not problems:
        problems.append(Problem("a network needs at least one population", where=str(path)))
    raise_all(problems)
    sound = tuple(p for p in populations.values() if p)
    devices, replays = devices_of(drivers, sound)
    raise_all(problems)
    network = Network(name, sound, tuple(p for p in projections if p), replays, devices)
    raise_all(possible(network))
    return network


def _load(path: Path) -> CommentedMap:
    try:
        data = YAML(typ="rt").load(path)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(Problem(f"this is no valid YAML: {error.problem}", where=f"{path}:{line}")) from error
    except (YAMLError, OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"the network file cannot be read: {error}", where=str(path))) from error
    if not isinstance(data, CommentedMap):
        raise InputError(Problem("a network file holds a mapping", where=str(path), expected="populations: and projections:"))
    return data


def _synapse(part: Section) -> _Synapse | None:
    before = len(part.problems)
    weights = distribution(part, "weight", *WEIGHT_UNITS)
    receptor = part.text("receptor", "") or None
    if weights is None and len(part.problems) == before:
        part.blame("", "a synapse needs a 'weight'", "such as 87.8 pA, 6 nS, or a peak potential such as 0.15 mV")
    rel_sd = part.number("weight_rel_sd", Fraction(0), 0, 10)
    delay_sd = part.quantity("delay_sd", "ms", Fraction(0))
    if delay_sd < 0:
        part.blame("delay_sd", f"delay_sd is {float(delay_sd):g} ms", "a value of at least 0")
    between = len(part.problems)
    delays = spread(part, "delay", max(delay_sd, Fraction(0)), "ms")
    if delays is None and len(part.problems) == between:
        part.blame("", "'delay' is missing", "a quantity in ms")
    between = len(part.problems)
    plasticity, w_max = plasticity_of(part.section("plasticity"), WEIGHT_UNITS)
    if part.has("plasticity") and plasticity is None and len(part.problems) == between:
        part.blame("plasticity", "no rule of plasticity is given", "'stdp' or 'tsodyks_markram' with its parameters")
    part.finish()
    if delays and delays[0].first <= 0:
        what = "the delay is" if delays[0].kind in ("constant", "normal") else f"the first number of the {delays[0].kind} delay is"
        part.blame("delay", f"{what} {float(delays[0].first):g} ms", "a delay above 0")
    if weights and rel_sd and weights[0].kind != "constant":
        part.blame("weight", "a distribution and weight_rel_sd beside it are both given", "one of them")
    if len(part.problems) > before or weights is None or delays is None:
        return None
    return _Synapse((_of_one_sign(weights[0], rel_sd), weights[1]), receptor, delays[0], plasticity, w_max)


def _of_one_sign(weights: Distribution, rel_sd: Fraction) -> Distribution:
    """Return weights that are drawn again where their sign would change, unless bounds were given."""
    if rel_sd:
        weights = replace(weights, kind="normal", second=abs(weights.first) * rel_sd)
    if weights.kind != "normal" or (weights.least, weights.most) != (-inf, inf):
        return weights
    return replace(weights, most=0.0) if weights.first < 0 else replace(weights, least=0.0)


def _projection(part: Section, populations: dict[str, Population | None], synapses: dict[str, _Synapse | None]) -> Projection | None:
    before = len(part.problems)
    source, target = part.choice("source", list(populations)), part.choice("target", list(populations))
    rule = part.choice("rule", list(RULES), "arrays" if part.has("edges") else "fixed_total_number")
    synapse = _chosen(part, synapses)
    probability, number = _number(part, rule)
    autapses, multapses = part.truth("autapses", True), part.truth("multapses", rule in DRAWN)
    file = part.text("edges", "")
    part.finish()
    if part.has("multapses") and multapses and rule not in DRAWN:
        part.blame("multapses", f"the rule '{rule}' " + ("takes the synapses as they are listed" if rule == "arrays" else
                   "connects two neurons at most once"), "no 'multapses', or the rule 'fixed_total_number'")
    if rule == "arrays" and (part.has("autapses") or part.has("multapses")):
        part.blame("edges", "the synapses are listed one by one, and taken as they are", "neither 'autapses' nor 'multapses'")
    if len(part.problems) > before:
        return None
    sender, receiver = populations[source], populations[target]
    if sender is None or receiver is None or synapse is None:
        return None
    order = list(populations)
    weighed = weights_in(part, "synapse", synapse.weights, synapse.receptor, Cell(receiver.model, receiver.parameters), target)
    if weighed is None:
        return None
    receptor, weights = weighed
    made = Projection(order.index(source), order.index(target), rule, float(number), receptor, weights, synapse.delays,
                      f"{source} -> {target}", part.where(), None, autapses, multapses,
                      _bounded(part, synapse, weighed, Cell(receiver.model, receiver.parameters), target))
    if rule == "arrays":
        return _listed(part, file, made, _in_unit_of(receiver, receptor, synapse.weights[1]), sender, receiver)
    return _with_count(part, made, probability, sender, receiver)


def _bounded(part: Section, synapse: _Synapse, weighed: tuple[str, Distribution], cell: Cell, target: str) -> Plasticity | None:
    """Return how the weight changes, with its bound in the unit of the receptor."""
    if not isinstance(synapse.plasticity, Stdp) or synapse.w_max is None:
        return synapse.plasticity
    receptor, weight = weighed[0], weighed[1].mean
    found = weight_in(part, "synapse", synapse.w_max, receptor, cell, target)
    bound = found[1] if found else weight
    if abs(weight) > abs(bound) or weight * bound < 0:
        part.blame("synapse", f"the weight, {weight:g}, is not between 0 and its bound w_max, {bound:g} (both in the unit of the receptor)",
                   "a weight between 0 and w_max")
    return synapse.plasticity.with_bound(bound)


def _chosen(part: Section, synapses: dict[str, _Synapse | None]) -> _Synapse | None:
    """Return the synapse of a projection: one of those with a name, or one that is written in its place."""
    if isinstance(part.data.get("synapse"), dict):
        return _synapse(part.section("synapse"))
    return synapses.get(part.choice("synapse", list(synapses)))


def _number(part: Section, rule: str) -> tuple[Fraction, int]:
    """Return the probability and the number that a rule is given, 0 for what is not."""
    keys = ("probability", "number", "indegree", "outdegree", "edges")
    given, wanted = [key for key in keys if part.has(key)], _NUMBERS.get(rule, ())
    probability = part.number("probability", Fraction(0), 0, 1) if "probability" in given else Fraction(0)
    whole = [key for key in given if key not in ("probability", "edges")]
    number = part.integer(whole[0], 0, least=0) if whole else 0
    part.take(*keys)
    if len([g for g in given if g in wanted]) != min(1, len(wanted)) or any(g not in wanted for g in given):
        part.blame("", f"the rule '{rule}' is given {' and '.join(given) or 'no number of synapses'}",
                   f"one of {', '.join(wanted)}" if wanted else "neither probability nor number nor degree")
    return probability, number


def _with_count(part: Section, made: Projection, probability: Fraction, sender: Population, receiver: Population) -> Projection | None:
    """Return the projection with the number of synapses that a probability stands for."""
    if not probability or made.rule == "pairwise_bernoulli":
        return replace(made, count=float(probability)) if made.rule == "pairwise_bernoulli" else made
    targets = receiver.size - made.skips
    if not made.multapses:
        return replace(made, count=float(probability * sender.size * targets))
    if probability == 1:
        part.blame("probability", "the probability is 1, for which the number of synapses is infinite",
                   "a probability below 1, or 'all_to_all'")
        return None
    if sender.size * targets <= 1:
        part.blame("probability", f"{sender.name} and {receiver.name} have one neuron each: no number of synapses connects them with a "
                   f"probability of {float(probability):g}", "a 'number' of synapses, or a 'rule' such as 'one_to_one'")
        return None
    return replace(made, count=synapses_of_probability(probability, sender.size, targets))


def _in_unit_of(receiver: Population, receptor: str, unit: str) -> float:
    """Return what turns weights in a unit, which has been found to fit, into those of a receptor."""
    if unit == receiver.model.receptor(receptor).unit:
        return 1.0
    return receiver.model.peak(receiver.parameters, receptor) or 1.0


def _listed(part: Section, file: str, made: Projection, factor: float, sender: Population, receiver: Population) -> Projection | None:
    """Return the projection with the synapses of its file; their weights are in the unit that its synapse's weight is written in."""
    path = part.path.parent / file
    try:
        found = read_edges(path, sender.size, receiver.size)
    except InputError as error:
        part.problems.extend(replace(problem, where=problem.where or part.where("edges")) for problem in error.problems)
        return None
    weights = found.weights
    if weights is not None and not receiver.model.receptor(made.receptor).keeps_sign:
        low, high = weights.min(initial=0), weights.max(initial=0)
        if low < 0 < high:
            part.problems.append(Problem(
                f"the weights lie between {low:g} and {high:g}, and the size alone of a weight counts for the receptor "
                f"'{made.receptor}' of '{receiver.name}'", str(path), "weights of one sign",
                "list excitatory and inhibitory synapses in two files"))
            return None
        weights = abs(weights)
    return replace(made, edges=edges(found.sources, found.targets, None if weights is None else weights * factor, found.delays_ms))

"""Read a network from a YAML file; tell everything that is wrong with it at once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cosim.errors import InputError, Problem, raise_all
from cosim.models.microcircuit.network.cells import WEIGHT_UNITS, Cell, populations_of, weight_in
from cosim.models.microcircuit.network.data import Network, Population, Projection
from cosim.models.microcircuit.network.section import Section
from cosim.models.microcircuit.network.sonata.circuit import read_circuit
from cosim.models.microcircuit.network.sonata.network import network_of
from cosim.models.microcircuit.propagators import synapses_of_probability
from cosim.registry import did_you_mean

SHIPPED = Path(__file__).parents[1] / "networks"
_RULES = ("fixed_total_number", "fixed_indegree", "all_to_all", "one_to_one")


@dataclass(frozen=True, slots=True)
class _Synapse:
    """Hold what projections share; the weight comes with its unit."""

    weight: tuple[Fraction, str]
    receptor: str | None
    weight_rel_sd: float
    delay: Fraction
    delay_sd: Fraction


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
    top.finish()
    if not populations and not problems:
        problems.append(Problem("a network needs at least one population", where=str(path)))
    raise_all(problems)
    return Network(name, tuple(p for p in populations.values() if p), tuple(p for p in projections if p))


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
    weight = part.either("weight", *WEIGHT_UNITS)
    receptor = part.text("receptor", "") or None
    if weight is None and len(part.problems) == before:
        part.blame("", "a synapse needs a 'weight'", "such as 87.8 pA, 6 nS, or a peak potential such as 0.15 mV")
    rel_sd = part.number("weight_rel_sd", Fraction(0), 0, 10)
    delay, delay_sd = part.quantity("delay", "ms"), part.quantity("delay_sd", "ms", Fraction(0))
    part.finish()
    if len(part.problems) == before and delay <= 0:
        part.blame("delay", f"the delay is {float(delay):g} ms", "a delay above 0")
    if delay_sd < 0:
        part.blame("delay_sd", f"delay_sd is {float(delay_sd):g} ms", "a value of at least 0")
    if len(part.problems) > before or weight is None:
        return None
    return _Synapse(weight, receptor, float(rel_sd), delay, delay_sd)


def _projection(part: Section, populations: dict[str, Population | None], synapses: dict[str, _Synapse | None]) -> Projection | None:
    before = len(part.problems)
    source, target = part.choice("source", list(populations)), part.choice("target", list(populations))
    kind = part.choice("synapse", list(synapses))
    rule = part.choice("rule", list(_RULES), "fixed_total_number")
    given = [key for key in ("probability", "number", "indegree") if part.has(key)]
    wanted = {"fixed_total_number": ("probability", "number"), "fixed_indegree": ("indegree",)}.get(rule, ())
    probability = part.number("probability", Fraction(0), 0, 1) if "probability" in given else Fraction(0)
    number = part.integer("number" if "number" in given else "indegree", 0, least=0)
    part.take("number", "indegree", "probability")
    part.finish()
    if len([g for g in given if g in wanted]) != min(1, len(wanted)) or any(g not in wanted for g in given):
        part.blame("", f"the rule '{rule}' is given {' and '.join(given) or 'no number of synapses'}",
                   f"one of {', '.join(wanted)}" if wanted else "neither probability nor number nor indegree")
    if probability == 1:
        part.blame("probability", "the probability is 1, for which the number of synapses is infinite",
                   "a probability below 1, or 'all_to_all'")
    if len(part.problems) > before:
        return None
    sender, receiver, synapse = populations[source], populations[target], synapses[kind]
    if sender is None or receiver is None or synapse is None:
        return None
    if rule == "one_to_one" and sender.size != receiver.size:
        part.blame("rule", f"'one_to_one' between {sender.size} neurons of {source} and {receiver.size} of {target}",
                   "populations of one size")
        return None
    if probability and sender.size * receiver.size == 1:
        part.blame("probability", f"{source} and {target} have one neuron each: no number of synapses connects them with a probability of "
                   f"{float(probability):g}", "a 'number' of synapses, or a 'rule' such as 'one_to_one'")
        return None
    count = synapses_of_probability(probability, sender.size, receiver.size) if probability else float(number)
    order = list(populations)
    weighed = weight_in(part, "synapse", synapse.weight, synapse.receptor, Cell(receiver.model, receiver.parameters), target)
    if weighed is None:
        return None
    receptor, weight = weighed
    return Projection(order.index(source), order.index(target), rule, count, receptor, weight, synapse.weight_rel_sd,
                      synapse.delay, float(synapse.delay_sd), f"{source} -> {target}", part.where())

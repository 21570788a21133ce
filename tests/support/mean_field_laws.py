"""Laws that hold for every mean-field model, as functions of the model: for the contract suite, and for models that are not ours."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np

from cosim.models.wholebrain.language.model import Array, Held, Model, Parameter, everything, parameter_row, rate_of, sent_of, slope_of
from cosim.models.wholebrain.language.translate import translate

WORD = re.compile(r"\w[\w %°µ]*")


def state_in(model: Model, n: int, seed: int = 0) -> Array:
    """Return states between the usual limits of each variable, (variables, n)."""
    draw = np.random.default_rng(seed)
    return np.array([draw.uniform(*v.range, n) for v in model.state])


def given(model: Model, n: int, seed: int = 1) -> tuple[Array, Array]:
    """Return small sums received and small inputs."""
    draw = np.random.default_rng(seed)
    return 0.1 * draw.random((len(model.receives), n)), 0.01 * draw.random((len(model.inputs), n))


def varied(model: Model, n: int, seed: int = 2) -> dict[str, Array]:
    """Return parameters that differ between regions, within their bounds."""
    factor = 1.0 + 0.02 * np.random.default_rng(seed).random(n)
    values = everything(model, {}, n)
    return everything(model, {p.name: bounded(p.least, p.most, values[p.name] * factor) for p in model.parameters}, n)


def bounded(least: float | None, most: float | None, values: Array) -> Array:
    return np.clip(values, -np.inf if least is None else least, np.inf if most is None else most)


def is_described(model: Model) -> None:
    """Whatever a user can name has a unit and a meaning, and defaults lie within bounds."""
    assert model.about.endswith(".") and model.source
    for group in (model.parameters, model.state, model.sends, model.receives, model.inputs):
        names = [each.name for each in group]
        assert len(set(names)) == len(names)
        for each in group:
            assert WORD.match(each.unit) and each.about and each.name.isidentifier(), each
    for p in model.parameters:
        for value in (p.default, *(preset[p.name] for preset in model.presets.values() if p.name in preset)):
            assert np.isfinite(value)
            assert (p.above is None or value > p.above) and (p.least is None or value >= p.least) and (p.most is None or value <= p.most), p
    assert model.preset_word not in model.parameter_names
    assert (model.rate is None) == (not model.rate_about) and (model.valid is None) == (not model.valid_about)
    assert model.follow is None or model.from_rate is None, "the rate is either followed or taken at once"
    assert model.rate is not None or (model.follow is None and model.from_rate is None)


def presets_name_parameters(model: Model) -> None:
    """A preset gives values to parameters, the same ones as the default does or more, so that choosing one undoes the default."""
    assert all(set(preset) <= set(model.parameter_names) for preset in model.presets.values())
    assert all(set(words) and name in model.parameter_names for name, words in model.words.items())
    assert (model.resolve is None) == (not model.words)


def starts_lie_within(model: Model) -> None:
    for v in model.state:
        assert v.low <= v.range[0] < v.range[1] <= v.high, v
        assert v.range[0] <= v.start <= v.range[1], v


def ports_fit(model: Model) -> None:
    """What is received by default is something that is sent; what is sent without a function is a state variable."""
    assert all(r.takes in [s.name for s in model.sends] for r in model.receives)
    assert model.sent is not None or all(s.name in model.variables for s in model.sends)
    x = state_in(model, 3)
    assert sent_of(model, everything(model, {}, 3), x).shape == (len(model.sends), 3)
    units = {v.name: v.unit for v in model.state}
    assert all(units.get(s.name, s.unit) == s.unit for s in model.sends), "a variable that is sent keeps its unit"


def slopes_are_finite(model: Model) -> None:
    x, sizes = state_in(model, 200), (len(model.receives), len(model.inputs))
    for preset in model.presets or {"": {}}:
        values = everything(model, model.presets.get(preset, {}), 200)
        slope = slope_of(model, values, x, np.ones((sizes[0], 200)), 0.1 * np.ones((sizes[1], 200)))
        assert slope.shape == x.shape and np.isfinite(slope).all()
        assert np.isfinite(sent_of(model, values, x)).all()
        assert model.rate is None or np.isfinite(rate_of(model, values, x)).all()
    corners = np.array(np.meshgrid(*[v.range for v in model.state[:8]])).reshape(min(len(model.state), 8), -1)
    rest = np.array([np.full(corners.shape[1], v.start) for v in model.state[8:]]).reshape(-1, corners.shape[1])
    assert np.isfinite(slope_of(model, everything(model, {}, corners.shape[1]), np.concatenate([corners, rest]))).all()


def regions_do_not_know_their_number(model: Model) -> None:
    """Permuting regions permutes slopes, and one region alone has the slope that it has among others, bit by bit."""
    n = 7
    x, values, (c, u) = state_in(model, n), varied(model, n), given(model, n)
    slopes, order = slope_of(model, values, x, c, u), np.array([3, 0, 6, 2, 5, 1, 4])
    permuted = slope_of(model, {k: v[order] for k, v in values.items()}, x[:, order], c[:, order], u[:, order])
    assert np.array_equal(permuted, slopes[:, order])
    for i in range(n):
        alone = slope_of(model, {k: v[[i]] for k, v in values.items()}, x[:, [i]], c[:, [i]], u[:, [i]])
        assert np.array_equal(alone[:, 0], slopes[:, i])


def everything_named_changes_something(model: Model) -> None:
    """Each state variable, sum received and input changes what the equations give, and each parameter does under some preset."""
    n = 40
    x, (c, u) = state_in(model, n), given(model, n)

    def results(values: dict[str, Array], x: Array, c: Array, u: Array) -> Array:
        rows = [slope_of(model, values, x, c, u), sent_of(model, values, x)]
        return np.concatenate([*rows, rate_of(model, values, x, c, u)[None]] if model.rate is not None else rows)

    without_zeros = {p.name: 0.7 for p in model.parameters if p.default == 0}
    bases = [everything(model, preset, n) for preset in (*model.presets.values(), without_zeros)]
    for p in model.parameters:
        other = [everything(model, {q.name: v[q.name] for q in model.parameters} | {p.name: _another(p, v[p.name])}, n)
                 for v in bases]
        changes = any((results(v, x, c, u) != results(w, x, c, u)).any() for v, w in zip(bases, other, strict=True))
        assert changes or _is_read(model, p.name), f"{p.name} changes nothing"
    base = results(bases[-1], x, c, u)
    for k, r in enumerate(model.receives):
        assert (results(bases[-1], x, _raised(c, k), u) != base).any(), f"what is received as {r.name} changes nothing"
    for k, i in enumerate(model.inputs):
        assert (results(bases[-1], x, c, _raised(u, k)) != base).any(), f"the input {i.name} changes nothing"


def _another(p: Parameter, value: Array) -> Array:
    """Return another value that is allowed; of a switch or a share the other end."""
    if p.most is None:
        return np.where(value == 0, 0.3, value * 1.1)
    return np.where(value < p.most, p.most, 0.5 * p.most if p.least is None else p.least)


def _raised(array: Array, k: int) -> Array:
    found = array.copy()
    found[k] += 0.2
    return found


def _is_read(model: Model, name: str) -> bool:
    """Return whether the words of other parameters read a parameter."""
    return model.resolve is not None and f'"{name}"' in Path(inspect.getfile(model.resolve)).read_text().split("MODEL = ")[0]


def equations_are_translated(model: Model, path: Path) -> None:
    """C has all equations that the description names, and no more."""
    made = translate(path, model.variables, tuple(r.name for r in model.receives), tuple(i.name for i in model.inputs))
    described = {k for k in ("slope", "sent", "rate", "follow", "from_rate", "valid") if getattr(model, k) is not None}
    assert set(made.returns) == described
    assert made.returns["slope"] == len(model.state)
    assert made.returns.get("sent", len(model.sends)) == len(model.sends)
    values = everything(model, {}, 1)
    for name in made.reads["p"]:
        assert parameter_row(name, values, 1).shape == (1,), name


def a_given_rate_is_kept(model: Model) -> None:
    """Where the first thing sent follows from the rate at once, it is what the region sends at that rate."""
    if model.from_rate is None:
        return
    x = state_in(model, 50)
    values = everything(model, {}, 50)
    back = np.asarray(model.from_rate(rate_of(model, values, x), Held(**values)))
    np.testing.assert_allclose(back, sent_of(model, values, x)[0], rtol=1e-14)


def what_nothing_multiplies_is_not_heard(model: Model) -> None:
    """A sum all of whose factors are 0 changes no slope and no rate, and each factor by itself lets it be heard."""
    x = state_in(model, 50)
    c = np.zeros((len(model.receives), 50))
    for k, received in enumerate(model.receives):
        for name in received.by:
            others = dict.fromkeys(received.by, 0.0)
            silent, heard = (everything(model, others | {name: v}, 50) for v in (0.0, 0.7))
            assert np.array_equal(slope_of(model, silent, x, _raised(c, k)), slope_of(model, silent, x, c))
            assert (slope_of(model, heard, x, _raised(c, k)) != slope_of(model, heard, x, c)).any()
            if model.rate is not None:
                assert np.array_equal(rate_of(model, silent, x, _raised(c, k)), rate_of(model, silent, x, c))


LAWS = (is_described, presets_name_parameters, starts_lie_within, ports_fit, slopes_are_finite, regions_do_not_know_their_number,
        everything_named_changes_something, a_given_rate_is_kept,
        what_nothing_multiplies_is_not_heard)

"""States outside what their model was made for are told at the end of a run, or end it."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from support.ranks import run_on_ranks
from support.together import run_together
from support.wholebrain import brain, run, write_zip

from cosim.errors import RunError
from cosim.models.wholebrain.dynamics import model
from cosim.models.wholebrain.language.model import Held, everything, valid_of
from cosim.models.wholebrain.parameters import Exchange, OtherModel, Stimulus
from cosim.models.wholebrain.validity import EVERY

STEPS = 2000


def cerebellum(tmp_path: Path, mossy: float = 0.2, **more) -> dict:
    """Return three unconnected regions, of which r1 gets mossy fibres of more than 70 Hz for 60 ms."""
    path = write_zip(tmp_path / "c.zip", np.zeros((3, 3)), np.ones((3, 3)))
    return {"connectome": str(path), "model": "cerebellum_first_order", "start": "model",
            "stimuli": (Stimulus(("r1",), mossy, 50.0, 60.0),)} | more


def told(ranks, settings: dict, length: int) -> tuple[str, ...]:
    b = brain(ranks, **settings)
    run(b, STEPS, length)
    b.close()
    return b.remarks()


def judged(settings: dict) -> np.ndarray:
    """Return where the states that a run recorded lie outside, (steps, regions)."""
    b = brain(**settings)
    given, patch = run(b, STEPS, STEPS), b._running._built[0]
    states = np.stack([given[name] for name in b._setting.patches.all[0].model.variables], axis=1)
    return np.array([~patch.judge(x) for x in states])


def test_the_share_of_the_time_and_the_first_time_outside_are_told(tmp_path: Path) -> None:
    outside = judged(cerebellum(tmp_path))[EVERY - 1 :: EVERY]
    assert 0 < outside[:, 1].sum() < len(outside) and not outside[:, [0, 2]].any()
    (text,) = told(None, cerebellum(tmp_path), STEPS)
    first = (int(np.argmax(outside[:, 1])) + 1) * EVERY / 10
    assert "1 of 3 regions of 'cerebellum_first_order'" in text
    assert f"'r1' for {100 * outside[:, 1].mean():.2g} % of the time, first at {first:.6g} ms" in text
    assert "inside: granule cells fire at 8.2 Hz at most" in text


def test_what_is_told_depends_on_neither_windows_nor_ranks(tmp_path: Path) -> None:
    whole = told(None, cerebellum(tmp_path), STEPS)
    assert all(told(None, cerebellum(tmp_path), length) == whole for length in (1, 100, 333))
    settings = cerebellum(tmp_path)
    assert run_on_ranks(2, lambda ranks: told(ranks, settings, 50)) == [whole, whole]


def test_nothing_is_told_of_a_run_that_stays_inside_or_whose_model_has_no_range(tmp_path: Path) -> None:
    assert told(None, cerebellum(tmp_path, mossy=0.0), STEPS) == ()
    assert told(None, cerebellum(tmp_path, model="wilson_cowan"), STEPS) == ()


def test_only_the_model_that_was_left_is_told_among_several(tmp_path: Path) -> None:
    made = model("cerebellum_first_order")
    there = [Exchange("linear", made.name, r.name, "x") for r in made.receives]
    back = Exchange(made.name, "linear", "x", made.sends[0].name)
    mixed = cerebellum(tmp_path, model="linear", other_models=(OtherModel(("r1", "r2"), made.name),), exchange=(*there, back))
    (text,) = told(None, mixed, STEPS)
    assert "1 of 2 regions of 'cerebellum_first_order'" in text


def test_it_ends_the_run_where_that_is_an_error(tmp_path: Path) -> None:
    first = (int(np.argmax(judged(cerebellum(tmp_path))[EVERY - 1 :: EVERY, 1])) + 1) * EVERY / 10
    b = brain(outside="error", **cerebellum(tmp_path))
    with pytest.raises(RunError) as error:
        run(b, STEPS, 100)
    for words in ("region 'r1'", "'cerebellum_first_order'", f"at {first:.6g} ms", "GrC = ", "inside: granule cells", "'outside: tell'"):
        assert words in str(error.value)
    b.close(str(error.value))
    assert b.remarks() == ()


EXPERIMENT = """
cosim: 1
seed: 1
duration: 200 ms
groups:
  brain:
    component: wholebrain
    step: 0.1 ms
    params:
      {connectome: c.zip, model: cerebellum_first_order, start: model,
       stimuli: [{regions: [r1], amplitude: 0.2, onset: 50 ms, duration: 60 ms}]}
"""


def test_a_remark_reaches_the_user_with_the_name_of_its_group(tmp_path: Path) -> None:
    cerebellum(tmp_path)
    (remark,) = run_together(EXPERIMENT, tmp_path).remarks
    assert remark.startswith("group 'brain': 1 of 3 regions of 'cerebellum_first_order' left what the model was made for")


@pytest.mark.parametrize(("name", "others"), [("reduced_wong_wang", (0.1,)), ("wong_wang_2013", ())])
def test_a_gate_is_inside_up_to_where_a_sustained_rate_of_500_hz_holds_it(name: str, others: tuple[float, ...]) -> None:
    made = model(name)
    assert made.follow is not None
    values = everything(made, {}, 2)
    held = [brentq(lambda h, r=r: float(made.follow(h, r, Held(**everything(made, {}, 1)))[0]), 0.0, 1.0, xtol=1e-14)
            for r in (499.999, 500.001)]
    x = np.array([held, *([value] * 2 for value in others)])
    assert valid_of(made, values, x).tolist() == [True, False]


def strongly_coupled(tmp_path: Path, **more) -> dict:
    """Return r0 and r1, which excite each other far beyond what neurons can do, and r2 by itself."""
    weights = np.zeros((3, 3))
    weights[0, 1] = weights[1, 0] = 50.0
    return {"connectome": str(write_zip(tmp_path / "strong.zip", weights, np.ones((3, 3))))} | more


def test_it_is_said_beforehand_where_a_network_rests_outside_and_what_helps(tmp_path: Path) -> None:
    text = brain(**strongly_coupled(tmp_path)).describe().facts["outside"]
    assert "the resting state of 2 of 3 regions of 'reduced_wong_wang'" in text and "'r0', 'r1'; inside: S_E below" in text
    assert text.endswith("'normalise: max_row_sum' or a smaller 'coupling' may help")
    again = brain(**strongly_coupled(tmp_path, normalise="max_row_sum", coupling=50.0)).describe().facts["outside"]
    assert "; a smaller 'coupling' may help" in again
    for gentle in ({"normalise": "max_row_sum"}, {"coupling": 0.00390625}):
        assert "outside" not in brain(**strongly_coupled(tmp_path, **gentle)).describe().facts


def test_a_start_outside_is_told_too(tmp_path: Path) -> None:
    settings = strongly_coupled(tmp_path, coupling=0.0, start="model", initial={"S_E": {"r2": 0.99}})
    text = brain(**settings).describe().facts["outside"]
    assert text.startswith("the start of 1 of 3 regions of 'reduced_wong_wang'") and "'r2'" in text and "help" not in text

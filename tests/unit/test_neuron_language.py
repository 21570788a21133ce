"""What a step function may hold, how it reads in C, and how a mistake in one is told."""

from pathlib import Path

import numpy as np
import pytest

from cosim.models.language.functions import exp, expm1, log, maximum, minimum
from cosim.models.microcircuit.kernel._engine import MOST_CONSTANTS, MOST_INPUTS, MOST_STATES
from cosim.models.microcircuit.language.generate import generate
from cosim.models.microcircuit.language.translate import MOST, NotTranslatable, translate
from cosim.random import exp as exp_of_the_kernels

STEP = '''
def half(v):
    """Return half of it."""
    return v * 0.5


def step(n, k, x):
    """Advance."""
    n.V_m = n.V_m + k.p * half(x.ex)
    {line}
    fired = (n.V_m >= k.threshold) & (n.rest <= 0)
    n.rest = where(fired, k.refractory, maximum(n.rest - 1, 0))
    return fired
'''


def translated(folder: Path, line: str = "n.V_m += x.direct"):
    path = folder / "toy.py"
    path.write_text(STEP.format(line=line))
    return translate(path)[0]


def test_a_step_names_what_it_takes(tmp_path):
    step = translated(tmp_path)
    assert (step.name, step.states, step.constants, step.inputs) == ("toy_step", ("V_m", "rest"), ("p", "threshold", "refractory"), ("ex",))
    assert not step.is_random and translated(tmp_path, "n.V_m = n.V_m + x.uniform").is_random


def test_operations_keep_the_order_in_which_they_are_written(tmp_path):
    code = translated(tmp_path, "n.V_m = n.V_m + (k.a * n.V_m + k.b) - 2 * k.c").code
    assert "n_V_m = ((n_V_m + ((k_a * n_V_m) + k_b)) - (((MC_REAL)2.0) * k_c));" in code


@pytest.mark.parametrize(("what", "line"), [
    ("24 state variables", "n.s{0} = n.s{0} + 1"), ("64 constants", "n.V_m = n.V_m + k.k{0}"), ("4 inputs", "n.V_m = n.V_m + x.x{0}")])
def test_a_model_larger_than_a_kernel_has_room_for_is_refused(tmp_path, what, line):
    most, name = what.split(" ", 1)
    assert MOST == {"state variables": MOST_STATES, "constants": MOST_CONSTANTS, "inputs": MOST_INPUTS}
    named = {"state variables": 2, "constants": 3, "inputs": 1}[name]
    lines = [line.format(i) for i in range(int(most) - named + 1)]
    translated(tmp_path, "\n    ".join(lines[1:]))
    with pytest.raises(NotTranslatable, match=f"it names {int(most) + 1} {name}; a kernel has room for {most}"):
        translated(tmp_path, "\n    ".join(lines))


def test_a_loop_of_fixed_length_stands_around_a_loop_over_the_neurons(tmp_path):
    code = translated(tmp_path, "for _ in range(3):\n        n.V_m = n.V_m - k.a").code
    lines = [line.strip() for line in code.split("\n")]
    at = lines.index("for (int part = 0; part < 3; part++) {")
    assert lines[at + 1:at + 3] == ['_Pragma("GCC ivdep")', "for (int i = 0; i < MC_CHUNK; i++) {"]
    assert sum(line.startswith("for (int i") for line in lines) == 3


def test_what_is_worked_out_before_a_loop_is_known_in_it_and_after(tmp_path):
    before, inside, after = "a = k.a * x.direct\n    b = k.b", "c = a + x.uniform\n        n.V_m = c * n.V_m", "n.V_m = n.V_m + a"
    code = translated(tmp_path, f"{before}\n    for _ in range(3):\n        {inside}\n    {after}").code
    assert code.count("all_my_a[i] = my_a;") == 1 and code.count("MC_REAL my_a = all_my_a[i];") == 2
    assert "all_x_uniform[i] = x_uniform;" in code and "all_my_b" not in code and "all_my_c" not in code


@pytest.mark.parametrize(("line", "said"), [
    ("n.V_m = tanh(n.V_m)", "there is no function 'tanh' of 1 arguments"),
    ("n.V_m = nothing", "'nothing' is not known here"),
    ("n.V_m = n.V_m > 1", "n.V_m is a number and cannot hold a condition"),
    ("n.V_m = 1.0 / 3.0 + n.V_m", "write the value"),
    ("k.a = n.V_m", "only n.NAME and local names can be assigned to"),
    ("while n.V_m > 1:\n        n.V_m = k.a", "this statement has no counterpart"),
    ("n.V_m = where(n.V_m, k.a, k.b)", "a number stands where a condition is needed"),
    ("n.V_m = k.a + (n.V_m > 1)", "a condition stands where a number is needed"),
    ("for i in range(2):\n        for j in range(2):\n            n.V_m = k.b", "this statement has no counterpart"),
    ("for i in range(k.a):\n        n.V_m = k.b", "this statement has no counterpart"),
    ("a = k.b\n    a = n.V_m > 1", "'a' is a number in one place and a condition in another"),
    ("n.V_m = n.V_m ** 2", "this expression has no counterpart"),
    ("return n.V_m > 1", "this statement has no counterpart"),
])
def test_what_has_no_counterpart_is_told_with_its_line(tmp_path, line, said):
    with pytest.raises(NotTranslatable, match=r"toy\.py:1[0-3]: ") as told:
        translated(tmp_path, line)
    assert said in str(told.value)


def test_a_file_without_a_step_is_told(tmp_path):
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(NotTranslatable, match=r"empty\.py: there is no function whose name begins with 'step'"):
        translate(tmp_path / "empty.py")


def test_sources_that_have_not_changed_are_left_alone(tmp_path):
    steps = [translated(tmp_path)]
    sources = generate(steps, tmp_path / "out")
    written = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()}
    assert generate(steps, tmp_path / "out") == sources and {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()} == written
    assert {p.name for p in written} == {"toy_step.c", "toy_step.step.h", "kernels.h"}


def test_exp_has_the_bits_of_the_kernels():
    x = np.concatenate([np.linspace(-750, 750, 30_001), [0.0, -0.0, np.nan, np.inf, -np.inf]])
    assert np.array_equal(exp(x), exp_of_the_kernels(x), equal_nan=True)
    assert exp(x[7000:23000]) == pytest.approx(np.exp(x[7000:23000]), rel=4e-16)


def test_exp_in_single_precision_is_good_to_a_unit_or_two_in_the_last_place():
    x = np.linspace(-80, 80, 20_001).astype(np.float32)
    assert exp(x).dtype == np.float32
    assert np.abs(exp(x) / np.exp(x.astype(float)) - 1).max() < 2.5e-7


@pytest.mark.parametrize(("real", "good"), [(np.float64, 1e-15), (np.float32, 4e-7)])
def test_expm1_is_good_near_zero_and_far(real, good):
    x = np.concatenate([np.linspace(-5, 5, 4001), 10.0 ** np.arange(-12, 0)]).astype(real)
    x = x[x != 0]
    assert np.abs(expm1(x) / np.expm1(x.astype(float)) - 1).max() < good


@pytest.mark.parametrize(("real", "good"), [(np.float64, 1), (np.float32, 1)])
def test_log_is_good_to_a_unit_in_the_last_place(real, good):
    x = np.concatenate([10.0 ** np.linspace(-37, 37, 20_001), np.linspace(0.5, 2, 20_001)]).astype(real)
    exact = np.log(x.astype(np.longdouble))
    assert log(x).dtype == real and log(real(1)) == 0
    assert (np.abs(log(x) - exact) / np.spacing(np.abs(exact).astype(real))).max() < good


def test_the_larger_and_the_smaller_let_nothing_that_is_no_number_pass_from_the_first_place():
    assert maximum(np.array([1.0, np.nan]), np.array([2.0, 3.0])).tolist() == [2.0, 3.0]
    assert minimum(np.array([1.0, 5.0]), np.array([2.0, 3.0])).tolist() == [1.0, 3.0]

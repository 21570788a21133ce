"""An error says what, where, what was expected and what to do, and all problems at once."""

from __future__ import annotations

import pytest

from cosim.errors import CosimError, InputError, MissingExtra, PeerLost, Problem, ProtocolError, RunError, raise_all

WHOLE = Problem("the speed is 0 mm/ms", "e.yaml:3", "a speed above 0 mm/ms", "write '4 mm/ms'")


def test_a_problem_is_written_with_everything_that_is_known() -> None:
    assert str(WHOLE) == "e.yaml:3: the speed is 0 mm/ms\n    expected: a speed above 0 mm/ms\n    to do: write '4 mm/ms'"
    assert str(Problem("it is wrong")) == "it is wrong"


def test_a_place_is_put_before_what_is_known_of_it() -> None:
    assert WHOLE.at("groups.a").where == "groups.a: e.yaml:3"
    assert Problem("it is wrong").at("e.yaml:3").where == "e.yaml:3"
    assert WHOLE.at("").where == WHOLE.where


def test_all_problems_are_told_at_once_each_of_them_once() -> None:
    other = Problem("the seed is negative")
    with pytest.raises(InputError) as caught:
        raise_all([WHOLE, other, WHOLE])
    assert caught.value.problems == (WHOLE, other)
    assert str(caught.value) == f"{WHOLE}\n{other}"


def test_without_a_problem_nothing_is_raised() -> None:
    raise_all([])


def test_a_missing_extra_names_the_command_that_installs_it() -> None:
    assert "pip install 'cosim[mpi]'" in str(MissingExtra("mpi", "running groups in processes of their own"))


@pytest.mark.parametrize(("error", "status"), [(InputError("x"), 2), (MissingExtra("a", "b"), 2), (RunError("x"), 1), (PeerLost("x"), 1),
                                               (ProtocolError("x"), 1)])
def test_the_exit_status_tells_before_a_run_from_during_it(error: CosimError, status: int) -> None:
    assert error.exit_status == status

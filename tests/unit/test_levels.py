import pytest

from cosim.errors import InputError
from cosim.levels import LEVELS, VARIABLE, chosen_level


def test_the_best_level_is_chosen_unless_a_simpler_one_is_asked_for() -> None:
    assert chosen_level(LEVELS, "") == 3
    assert [chosen_level(LEVELS, name) for name in LEVELS] == [0, 1, 2, 3]
    assert chosen_level(LEVELS, "v3") == 2


def test_a_kernel_without_the_level_takes_the_next_simpler_one() -> None:
    assert chosen_level(("baseline", "x86-64-v3"), "x86-64-v2") == 0
    assert chosen_level(("baseline",), "x86-64-v4") == 0


def test_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "baseline")
    assert chosen_level(LEVELS) == 0


def test_an_unknown_level_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match=r"COSIM_ISA asks for 'x86-64-v9'(.|\n)*one of baseline, x86-64-v2"):
        chosen_level(LEVELS, "x86-64-v9")

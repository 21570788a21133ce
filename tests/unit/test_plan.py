from pathlib import Path

import pytest
from support.together import run_together

from cosim.errors import InputError

LOOP = """
cosim: 1
duration: 5 ms
step: 0.1 ms
groups:
  a: {component: clockwork}
  b: {component: clockwork}
  c: {component: clockwork}
couplings:
  - {name: ab, from: a.x, to: b.in, delay: 0 ms}
  - {name: bc, from: b.x, to: c.in, delay: 0 ms}
  - {name: ca, from: c.x, to: a.in, delay: 0 ms}
"""


def message(text: str, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        run_together(text, folder)
    return str(caught.value)


def test_a_loop_without_delay_is_printed_by_name_with_the_smallest_repair(tmp_path: Path) -> None:
    said = message(LOOP, tmp_path)
    assert "has no delay" in said
    assert any(path in said for path in ("a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"))
    assert "headroom 0 ms = lead 0 ms + delay 0 ms + lag 0 ms" in said
    assert "write 'delay: 0.1 ms' or more on one of" in said
    assert "experiment.yaml:10" in said


def test_one_delay_anywhere_repairs_a_loop(tmp_path: Path) -> None:
    for name in ("ab", "bc", "ca"):
        text = LOOP.replace(f"{{name: {name}, ", f"{{name: {name}, initial: 0, ").replace(
            next(line for line in LOOP.splitlines() if f"name: {name}" in line).split("from")[1],
            next(line for line in LOOP.splitlines() if f"name: {name}" in line).split("from")[1].replace("delay: 0 ms", "delay: 0.3 ms"))
        run = run_together(text, tmp_path)
        assert run.plan.windows == {"a": 3, "b": 3, "c": 3}
        assert run_together(text, tmp_path, 1).bits() == run.bits()


def test_a_group_coupled_to_itself_needs_a_delay(tmp_path: Path) -> None:
    text = LOOP[:LOOP.index("couplings")] + "couplings:\n  - {name: self, from: a.x, to: a.in, delay: DELAY}\n"
    assert "a -> a has no delay" in message(text.replace("DELAY", "0 ms"), tmp_path)
    assert run_together(text.replace("DELAY", "0.4 ms"), tmp_path).plan.windows["a"] == 4


def test_a_window_longer_than_the_headroom_names_the_edge(tmp_path: Path) -> None:
    text = LOOP.replace("delay: 0 ms", "delay: 1 ms") + "run: {window: 1.1 ms}\n"
    said = message(text, tmp_path)
    assert "the window 1.1 ms is longer than the delays at group" in said
    assert "coupling 'ab' (a.x -> b.in) has a headroom of 1 ms = lead 0 ms + delay 1 ms + lag 0 ms" in said
    assert "at most 1 ms" in said


@pytest.mark.parametrize(("broken", "words"), [
    ("{name: ab, from: a.y, to: b.in}", ["group 'a' has no output port 'y'", "'x'"]),
    ("{name: ab, from: a.x, to: b.inn}", ["group 'b' has no input port 'inn'", "did you mean 'in'?"]),
    ("{name: ab, from: a.spikes, to: b.in}", ["of kind 'spikes'", "port 'in' takes 'state'", "translator"]),
    ("{name: ab, from: a.rate, to: b.in}", ["of kind 'rate' (Hz)", "port 'in' takes 'state'"]),
    ("{name: ab, from: a.spikes, to: b.beats, weight: 0.5}", ["the weight 0.5 cannot be applied to spikes"]),
    ("{name: ab, from: a.spikes, to: b.beats, initial: 3}", ["initial value cannot be held"]),
    ("{name: ab, from: a.rate, to: b.drive, initial: 3 mV}", ["3 mV", "Hz"]),
])
def test_ports_that_do_not_fit_are_refused_in_words(tmp_path: Path, broken: str, words: list[str]) -> None:
    said = message(LOOP[:LOOP.index("couplings")] + f"couplings:\n  - {broken}\n", tmp_path)
    assert all(w in said for w in words), said
    assert "experiment.yaml:10" in said


def test_channels_must_match(tmp_path: Path) -> None:
    text = LOOP.replace("a: {component: clockwork}", "a: {component: clockwork, params: {size: 5}}").replace("delay: 0 ms", "delay: 1 ms")
    said = message(text, tmp_path)
    assert "has 5 channels, but port 'in' takes 3" in said
    assert "has 3 channels, but port 'in' takes 5" in said


def test_a_record_of_a_port_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    said = message(LOOP.replace("delay: 0 ms", "delay: 1 ms") + "record: [a.xx]\n", tmp_path)
    assert "group 'a' has no output port 'xx'" in said
    assert "did you mean 'x'?" in said

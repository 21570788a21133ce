"""`cosim bench` works on something tiny and says what it promises; how fast anything is, no test asks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.command import cosim

from cosim.errors import InputError, RunError
from cosim.launch.bench.against import Peer, Simulator
from cosim.launch.bench.case import GROUP, Case, census
from cosim.launch.bench.described import described, distinct_delays, fewest_threads
from cosim.launch.bench.figures import Figures, from_spikes, summarised
from cosim.launch.bench.limits import Limits, measure_limits, shares
from cosim.launch.bench.ours import after_warmup
from cosim.launch.bench.page import add_to_page
from cosim.launch.bench.probe import Probe
from cosim.launch.bench.result import Result
from cosim.launch.command import cosim as command

TINY = ("--scale", "0.02", "--seconds", "0.2", "--warmup", "0.1")
KEYS = {"rtf", "build_s", "peak_rss_bytes", "rates_hz", "synapses", "neurons", "events_per_s", "seconds", "warmup", "ranks", "scale",
        "drive", "machine", "limits", "peers", "rounds", "range"}
POPULATIONS = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]


def bench(*options: object, cwd: Path) -> tuple[int, str, str]:
    done = cosim("bench", "microcircuit", *options, cwd=cwd)
    assert not done.left
    return done.status, done.out, done.err


def pretended(folder: Path, rates: str) -> Path:
    """Return a program that stands for another simulator's Python: it can import anything, and reaches what it is told to."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\n" + '''
import json, sys
if sys.argv[1] == "-c":
    sys.exit(0)
network = json.load(open(sys.argv[2]))
if network["populations"][0]["size"] > 1000:
    sys.exit("I cannot")
json.dump({"simulator": "Other", "version": "1.0", "build_s": 2.0, "rtf": 3.0, "compile_s": 0.0, "peak_rss_bytes": 100,
           "rates_hz": ''' + rates + '''}, open(sys.argv[3], "w"))
''')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("ranks", "drive"), [(1, "dc"), pytest.param(2, "poisson", marks=pytest.mark.mpi)])
def test_the_json_has_its_keys(tmp_path: Path, ranks: int, drive: str) -> None:
    status, out, err = bench(*TINY, "--ranks", ranks, "--drive", drive, "--json", cwd=tmp_path)
    assert status == 0, err
    told = json.loads(out)
    assert set(told) >= KEYS
    assert list(told["rates_hz"]) == POPULATIONS
    assert (told["neurons"], told["ranks"], told["drive"], told["peers"]) == (1544, ranks, drive, [])
    assert told["rtf"] > 0
    assert told["peak_rss_bytes"] > 10_000_000 * ranks
    assert set(told["limits"]["shares"]) == {"scatter", "update", "memory", "kernel"}
    assert set(told["machine"]) == {"processor", "cores", "instruction_set", "cosim"}


def test_peers_take_turns_and_the_page_says_what_was_found(tmp_path: Path) -> None:
    python = pretended(tmp_path, "[1, 1, 1, 1, 1, 1, 1, 1]")
    status, out, err = bench(*TINY, "--against", "nest", "--nest-python", python, "--rounds", 2, "--out", "page.md", "--keep", "kept",
                             cwd=tmp_path)
    assert status == 0, err
    said = [line for line in err.splitlines() if line.startswith("round")]
    assert [line.split(": ")[1].split(" on ")[0] for line in said] == ["cosim", "nest", "cosim", "nest"]
    assert "Other 1.0" in out
    assert {p.name for p in (tmp_path / "kept").iterdir()} == {"cosim-1", "cosim-2"}
    page = (tmp_path / "page.md").read_text()
    assert page.count("\n## ") == 1
    assert "## potjans_diesmann_2014 at scale 0.02, poisson, 1 rank, single" in page
    assert "cosim bench microcircuit --scale 0.02" in page


@pytest.mark.parametrize(("options", "words"), [
    (["--scale", "0"], "--scale: scale is 0"), (["--scale", "nan"], "scale is nan"), (["--seconds", "-1"], "seconds is -1 s"),
    (["--warmup", "-1"], "warmup is -1 s"), (["--ranks", "0"], "--ranks: ranks is 0"), (["--ranks", "x"], "'x' is not a valid integer"),
    (["--rounds", "0"], "rounds is 0"), (["--network", "potjans"], "there is no shipped network 'potjans'"), (["--drive", "ac"], "'ac'"),
    (["--network", "nothing.yaml"], "there is no network file"), (["--against", "spinnaker"], "'spinnaker'"),
    (["--against", "nest", "--nest-python", "/nowhere/python"], "there is no program '/nowhere/python' to run nest with"),
    (["--against", "nest", "--nest-python", sys.executable], "the module 'nest' cannot be imported"),
    (["--probe", "nothing.c"], "there is no file 'nothing.c'"), (["--peer-threads", "0"], "cannot run on 0 threads")])
def test_bad_input_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["bench", "microcircuit", *TINY, *options])
    said = str(done.exception) if isinstance(done.exception, InputError) else done.output
    assert isinstance(done.exception, InputError) or done.exit_code == 2  # the command turns the former into the latter, and a sentence
    assert words in said
    assert not list(tmp_path.iterdir())


def test_bad_input_ends_with_status_two_and_no_traceback(tmp_path: Path) -> None:
    status, out, err = bench("--scale", 0, "--ranks", 0, cwd=tmp_path)
    assert (status, out) == (2, "")
    assert "cosim: --scale: scale is 0" in err
    assert "--ranks: ranks is 0" in err
    assert "Traceback" not in err


def test_a_peer_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    case = Case(scale=1.0)
    peer = Peer(Simulator.NEST, pretended(tmp_path, "[]"), 1)
    peer.check()
    with pytest.raises(RunError, match=r"nest ended with status 1; its last words:\nI cannot"):
        peer.measure(described(case, case.scaled()), 1, census(case.scaled().network), None)


def test_a_probe_is_a_mark_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "probe.c").write_text("""
#include <stdio.h>
int main(int n, char **a) { printf("{\\"rtf\\": %s.5, \\"build_s\\": 1, \\"events_per_s\\": %s}", a[1], a[2]); return n != 3; }
""")
    found = Probe(tmp_path / "probe.c", 2, 500).measure({}, 1, census(Case(scale=0.1).scaled().network), None)
    assert (found.who, found.rtf, found.build_s, found.events_per_s, found.rates_hz) == ("probe.c on 2 threads", 2.5, 1, 500, ())
    (tmp_path / "mute.c").write_text("int main(void) { return 3; }")
    with pytest.raises(RunError, match="ended with status 3 and printed no JSON"):
        Probe(tmp_path / "mute.c", 1, 1).measure({}, 1, census(Case(scale=0.1).scaled().network), None)
    (tmp_path / "wrong.c").write_text("int main(void) { return }")
    with pytest.raises(RunError, match="could not be compiled"):
        Probe(tmp_path / "wrong.c", 1, 1).measure({}, 1, census(Case(scale=0.1).scaled().network), None)


def test_the_description_holds_the_numbers_of_the_network() -> None:
    case = Case(scale=1.0, drive="dc")
    network = case.scaled()
    told = json.loads(json.dumps(described(case, network)))
    assert [p["size"] for p in told["populations"]] == [20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948]
    # Direct currents of SCIENCE 1.1, pA, and no Poisson spikes beside them.
    assert [p["parameters"]["I_e"] for p in told["populations"]] == pytest.approx(
        [561.974, 526.851, 737.591, 667.345, 702.468, 667.345, 1018.579, 737.591], abs=5e-4)
    assert {p["external"]["synapses"] for p in told["populations"]} == {0}
    assert sum(p["number"] for p in told["projections"]) == 298_880_970
    assert {round(p["weight"], 4) for p in told["projections"]} == {87.8085, 175.617, -351.2340}
    assert {(p["delay"], p["delay_sd"]) for p in told["projections"]} == {(1.5, 0.75), (0.75, 0.375)}


def test_brunel_is_driven_twice_as_much_as_holds_it_at_threshold() -> None:
    network = described(Case("brunel_2000"), Case("brunel_2000").scaled())
    e, i = network["populations"]
    assert (e["size"], i["size"], e["model"]) == (10_000, 2500, "iaf_psc_delta")
    for p in (e, i):
        k, external = p["parameters"], p["external"]
        assert external["synapses"] * external["rate_hz"] * 1e-3 * external["weight"] * k["tau_m"] == pytest.approx(2 * k["V_th"])
    assert [(p["number"], p["weight"], p["delay"]) for p in network["projections"]] == [(1000, 0.1, 1.5)] * 2 + [(250, -0.5, 1.5)] * 2


def test_vogels_and_abbott_are_described_with_signs_and_the_kick() -> None:
    case = Case("vogels_abbott_2005")
    network = described(case, case.scaled())
    assert [p["weight"] for p in network["projections"]] == [6, 6, -67, -67]
    assert [(p["probability"], p["autapses"]) for p in network["projections"]] == [(0.02, False), (0.02, True), (0.02, True), (0.02, False)]
    kick, = network["devices"]
    assert (kick["target"], kick["neurons"], kick["weight"]) == (0, list(range(50)), 6)
    assert kick["courses"] == [{"start": 1, "stop": 51, "rate_hz": 300}]


@pytest.mark.parametrize(("old", "new", "words"), [
    ("synapse: s}", "synapse: {weight: {lognormal: [10 pA, 2 pA]}, delay: 1 ms}}", "follows a law (lognormal"),
    ("number: 10", "rule: fixed_outdegree, outdegree: 2", "the rule 'fixed_outdegree'"),
    ("devices: {}", "devices: {d: {kind: current, target: E, amplitude: 1 pA}}", "the device 'd'"),
])
def test_what_the_others_would_build_differently_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = ("populations: {E: {size: 20}}\nsynapses: {s: {weight: 10 pA, delay: 1 ms}}\ndevices: {}\n"
            "projections: [{source: E, target: E, number: 10, synapse: s}]\n")
    assert old in text
    (tmp_path / "n.yaml").write_text(text)
    case = Case(str(tmp_path / "n.yaml"))
    assert described(case, case.scaled())["projections"][0]["number"] == 10
    (tmp_path / "n.yaml").write_text(text.replace(old, new))
    with pytest.raises(InputError) as told:
        described(case, case.scaled())
    assert words in str(told.value)


def test_the_threads_of_nest_can_hold_the_connections() -> None:
    assert [fewest_threads(n, t) for n, t in ((3_000_000, 2), (298_880_970, 2), (298_880_970, 1), (298_880_970, 8))] == [2, 4, 3, 8]


def test_events_are_counted_through_the_synapses_of_each_population() -> None:
    network = census(Case(scale=0.1).scaled().network)
    assert sum(n * out for (_, n), out in zip(network.sizes, network.outdegrees, strict=True)) == pytest.approx(network.synapses)
    ids = [0, 0, 2068]  # two spikes of L23E, one of L23I, in two seconds
    found = from_spikes("x", 0.5, 1.0, 1, np.array(ids), 2.0, network)
    assert found.rates_hz[:3] == pytest.approx((1 / 2068, 0.5 / network.sizes[1][1], 0))
    assert found.events_per_s == pytest.approx((2 * network.outdegrees[0] + network.outdegrees[1]) / 2 / 0.5)


def test_the_warmup_is_left_out() -> None:
    """Three windows of 10 ms that took 3, 1 and 2 s: after 10 ms of warm-up, 3 s for 20 ms."""
    timing = {"simulation_s": 6.0, "simulated_ms": 30.0, "groups": {GROUP: {"start_ms": [0, 10, 20], "begin_s": [0, 3.0, 4.0]}}}
    assert after_warmup(timing, 10) == (10, pytest.approx(150))
    assert after_warmup(timing, 0) == (0, pytest.approx(200))
    assert after_warmup(timing, 12) == (20, pytest.approx(200))


def test_a_kernel_at_the_limit_has_a_share_of_one() -> None:
    network = census(Case(scale=0.1).scaled().network)
    # A wall second per second: half of it goes into events, half into steps.
    figures = Figures("x", 1.0, 0.0, 0, (), 1e8)
    found = shares(figures, network, Limits(2e8, 2 * network.neurons * 10_000, 4e9))
    assert (found.scatter, found.update, found.kernel, found.memory) == pytest.approx((0.5, 0.5, 1.0, 0.1))


def test_limits_are_measured_for_whatever_size() -> None:
    small, large = (census(Case(scale=s).scaled().network) for s in (0.001, 0.1))
    for network in (small, large):
        found = measure_limits(network, 2, distinct_delays(Case(scale=0.1).scaled()), 0, seconds=0.01)
        assert min(found.scatter_events_per_s, found.update_neuron_steps_per_s, found.memory_bytes_per_s) > 1e6


def test_a_page_keeps_what_it_held(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    network = census(Case(scale=0.1).scaled().network)
    for scale, rtf in ((0.1, 11.0), (0.2, 22.0), (0.1, 33.0)):
        ours, = summarised([Figures("cosim", rtf, 1, 1, (1.0,) * 8, 1e6)])
        add_to_page(page, Result(Case(scale=scale), network, "baseline", Limits(1e9, 1e9, 1e9), ours, ()), "cosim bench")
    text = page.read_text()
    assert ("| 11 |" in text, "| 22 |" in text, "| 33 |" in text) == (False, True, True)
    assert text.index("| 33 |") < text.index("| 22 |")
    assert text.startswith("# Benchmarks")

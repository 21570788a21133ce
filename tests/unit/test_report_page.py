"""A report shows what there is, says what there is not, and fetches nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.run_folder import add_samples, make_run_folder

from cosim.launch.report import write_report

SECTIONS = ("spikes", "rates", "connectome", "connectivity", "samples", "timeline")


def section(html: str, key: str) -> str:
    """Return what stands in one section of a report."""
    found = re.search(rf'<section id="{key}">(.*?)</section>', html, re.DOTALL)
    assert found is not None, key
    return found[1]


def report(folder: Path) -> str:
    html = write_report(folder).read_text(encoding="utf-8")
    assert "error of the report" not in html
    return html


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    return report(make_run_folder(tmp_path_factory.mktemp("run"), duration_ms=1000, scale=0.1, n_regions=20))


@pytest.mark.parametrize("key", SECTIONS)
def test_every_section_has_a_figure_with_a_text_for_those_who_cannot_see_it(whole: str, key: str) -> None:
    shown = section(whole, key)
    assert re.search(r'<svg role="img" aria-label="[^"]{20,}"', shown)
    assert len(re.search(r"<figcaption>(.*?)</figcaption>", shown, re.DOTALL)[1]) > 40


def test_the_numbers_and_the_files_are_there(whole: str) -> None:
    for text in ("real-time factor", "lock-step", "1.2 ms", "brain.rV1.afferent_rate", "187 MB", "numpy", "2,988,810", "24 MB",
                 "cosim run experiment.resolved.yaml", "component: microcircuit"):
        assert text in whole
    assert 'role="alert"' not in whole


def test_what_the_run_had_to_tell_stands_at_the_top_and_in_the_numbers(tmp_path: Path, whole: str) -> None:
    make_run_folder(tmp_path, duration_ms=100, scale=0.02, n_regions=8)
    timing = json.loads((tmp_path / "timing.json").read_text(encoding="utf-8"))
    remark = "coupling 'drive': 1,234 negative rates were clipped, first at tick 17"
    (tmp_path / "timing.json").write_text(json.dumps(timing | {"remarks": [remark, 3, "another"]}), encoding="utf-8")
    html = report(tmp_path)
    notice = re.search(r'<div class="banner" role="note">(.*?)</div>', html, re.DOTALL)[1]
    for shown in (notice, section(html, "numbers")):
        assert "1,234 negative rates were clipped, first at tick 17" in shown and "another" in shown
    assert html.index(notice) < html.index('<dl class="cards">')
    assert 'role="note"' not in whole and "Remarks" not in whole


@pytest.mark.parametrize(("how", "said"), [("none", ""), ("max_row_sum", "the largest sum that reaches a region")])
def test_normalised_weights_are_called_so(tmp_path: Path, how: str, said: str) -> None:
    make_run_folder(tmp_path, duration_ms=400, scale=0.02, n_regions=8)
    path = tmp_path / "experiment.resolved.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("replaced: [rV1]", f"replaced: [rV1]\n      normalise: {how}"), encoding="utf-8")
    html = report(tmp_path)
    connectome, connectivity = section(html, "connectome"), section(html, "connectivity")
    assert ("normalised weight" in connectome) == ("normalised weight of the link" in connectivity) == bool(said)
    assert not said or f"Weights are normalised as the experiment asks: divided by {said}" in connectome


def test_a_report_fetches_nothing(whole: str) -> None:
    assert not re.search(r"https?:|@import|<script|<link|<iframe", whole)
    for target in re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)', whole):
        assert "".join(target).startswith(("#", "data:image/png;base64,"))


def test_every_reference_within_the_figures_has_one_target(whole: str) -> None:
    ids = re.findall(r' id="([^"]*)"', whole)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', whole))
    assert {"".join(w) for w in wanted} <= set(ids)


def test_the_same_folder_gives_the_same_report(tmp_path: Path) -> None:
    folder = make_run_folder(tmp_path / "run", duration_ms=200, scale=0.02, n_regions=8)
    assert report(folder) == report(folder)


def test_replaced_and_stimulated_regions_are_named(whole: str) -> None:
    for key in ("rates", "connectome", "connectivity"):
        assert "replaced: rV1 (red)" in section(whole, key)


def test_a_failed_run_says_why_and_how_far_its_results_hold(tmp_path: Path) -> None:
    folder = make_run_folder(tmp_path, duration_ms=1000, scale=0.05, n_regions=8, valid_ms=300, status="failed",
                             cause="rank 1 of 'column' died")
    html = report(folder)
    banner = re.search(r'<div class="banner severe" role="alert">(.*?)</div>', html, re.DOTALL)[1]
    assert "This run failed." in banner
    assert "rank 1 of &#39;column&#39; died." in banner
    assert "up to 300 ms of 1,000 ms" in banner
    with h5py.File(folder / "results.h5") as file:
        ticks = file["groups/column/spikes/ticks"][:]
    assert f"Top: {np.count_nonzero(ticks <= 3000):,} spikes" in section(html, "spikes")
    assert "no stimulus acted" in section(html, "rates")


def test_results_that_end_early_are_told_of_even_when_nobody_says_that_the_run_failed(tmp_path: Path) -> None:
    folder = make_run_folder(tmp_path, duration_ms=200, scale=0.02, n_regions=8, valid_ms=100)
    (folder / "timing.json").unlink()
    html = report(folder)
    assert "This run is not complete." in html
    assert "There is no timing.json" in html
    assert "No times of windows were kept" in section(html, "timeline")


def test_an_empty_folder_gives_a_report_that_says_so_everywhere(tmp_path: Path) -> None:
    html = report(tmp_path)
    assert "There is no results.h5" in html
    for key in (*SECTIONS, "numbers"):
        assert 'class="note"' in section(html, key)
    assert "<svg" not in html


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all" * 100])
def test_damaged_files_are_told_of_and_the_rest_is_shown(tmp_path: Path, content: bytes) -> None:
    make_run_folder(tmp_path, duration_ms=100, scale=0.02, n_regions=8)
    (tmp_path / "results.h5").write_bytes(content)
    (tmp_path / "versions.json").write_text("{", encoding="utf-8")
    (tmp_path / "experiment.resolved.yaml").write_text("a: [", encoding="utf-8")
    html = report(tmp_path)
    assert "results.h5 cannot be read" in html
    assert "versions.json cannot be read" in html
    assert "<svg" in section(html, "timeline")


def test_results_without_a_spike_or_a_sample_are_told_of(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "results.h5", "w") as file:
        file.attrs.update({"tick_ms": 0.1, "duration_ticks": 1000, "valid_until_tick": 0})
        add_samples(file, "brain", "rate", "rate", "Hz", np.empty((0, 30)), [f"r{i}" for i in range(30)])
        port = file.create_group("groups/column/spikes")
        port["ticks"], port["ids"] = np.empty(0, np.int64), np.empty(0, np.int64)
        port.attrs["populations"], port.attrs["population_first"] = ["E", "I"], [0, 80, 100]
    html = report(tmp_path)
    assert "No neuron of column (spikes) spiked" in section(html, "spikes")
    assert "No sample of brain (rate)" in section(html, "rates")
    assert "Too short" in section(html, "connectivity")


def test_names_cannot_smuggle_in_markup(tmp_path: Path) -> None:
    evil = "</text><script>alert('x')</script> --> $\\frac{1}$ \""
    make_run_folder(tmp_path, duration_ms=200, scale=0.02, n_regions=8, title=evil, status="failed", cause=evil)
    with h5py.File(tmp_path / "results.h5", "a") as file:
        file["groups/column/spikes"].attrs["populations"] = [f"{evil}{i}" for i in range(8)]
        static = file["groups/brain/static"]
        del static["labels"]
        static["labels"] = np.array([f"<b>{i}" for i in range(8)], dtype="S")
    timing = json.loads((tmp_path / "timing.json").read_text(encoding="utf-8"))
    timing["groups"][evil] = timing["groups"].pop("brain")
    (tmp_path / "timing.json").write_text(json.dumps(timing), encoding="utf-8")
    html = report(tmp_path)
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_what_times_and_facts_lack_is_left_out(tmp_path: Path) -> None:
    make_run_folder(tmp_path, duration_ms=100, scale=0.02, n_regions=8)
    timing = {"status": "finished", "wall_s": None, "groups": {"column": {"ranks": 2, "begin_s": [0.0, 0.1, 0.2], "compute_s": [0.1, 0.1],
              "wait_s": []}, "brain": {}}, "couplings": None, "facts": {"column": None}}
    (tmp_path / "timing.json").write_text(json.dumps(timing), encoding="utf-8")
    html = report(tmp_path)
    assert "100.0 %" in section(html, "numbers")
    assert "wall time</dt>" not in html


def test_the_main_experiment_makes_a_small_report(tmp_path: Path) -> None:
    html = report(make_run_folder(tmp_path))
    assert len(html) < 3_000_000
    assert "one neuron in" in section(html, "spikes")


def test_a_replaced_region_whose_stand_in_was_not_recorded_is_left_blank(tmp_path: Path) -> None:
    make_run_folder(tmp_path, duration_ms=400, scale=0.02, n_regions=8)
    with h5py.File(tmp_path / "results.h5", "a") as file:
        del file["groups/column/spikes"]
    html = report(tmp_path)
    assert "Rates of rV1 are not known and left blank" in section(html, "rates")
    assert "1 region does not vary" in section(html, "connectivity")

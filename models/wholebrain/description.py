"""Say what a brain network is and needs."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np

from cosim.interfaces import Description, Port
from cosim.models.wholebrain.connectome import connectome_digest
from cosim.models.wholebrain.courses import Sampled
from cosim.models.wholebrain.history import Past
from cosim.models.wholebrain.kernel._engine import STRETCH
from cosim.models.wholebrain.parameters import WholeBrainParameters
from cosim.models.wholebrain.patches import PatchSetting, is_heard
from cosim.models.wholebrain.ports import input_ports
from cosim.models.wholebrain.rest import Search
from cosim.models.wholebrain.setting import Setting
from cosim.timegrid import Clock

# Measured on one core of an EPYC 9004 with noise, step by step and region by region; and for one link in one step.
_SECONDS_A_REGION, _SECONDS_A_LINK = 35e-9, 0.1e-9


def description(p: WholeBrainParameters, s: Setting, search: Search, outputs: tuple[Port, ...], clock: Clock, note: str = "",
                past: Past | None = None, strange: tuple[str, ...] = ()) -> Description:
    """Return ports, facts and needs of a group.

    Parameters
    ----------
    search : Search
        What the search for its rest came to; no rest and no reason where nothing asked for one.
    note : str
        What a user should know of the step; '' where nothing.
    past : Past or None
        What is known of the time before instant 0.
    strange : tuple of str
        Where the start or the resting state lies outside what its model was made for, and what to do.
    """
    n, here = len(s.connectome), len(s.simulated)
    links, between = int((s.net.weights > 0).sum()), s.net.delays[s.net.between]
    soonest, latest = (int(d) for d in (between.min(initial=s.net.longest), between.max(initial=0)))
    fell_back = p.connectome != "synthetic" and s.connectome.origin.startswith("synthetic (")
    facts = {
        "model": "; ".join(_named(s, p) for p in s.patches.all),
        "connectome": s.connectome.origin + (f", in place of {p.connectome}: tvb-data is not installed" if fell_back else ""),
        "regions": f"{n}, of which {here} are simulated here",
        "connections": f"{len(between)} between regions, {links - len(between)} with themselves" + _unheard(s) * (links > 0),
        "smallest delay": f"{clock.ms(soonest * clock.step):.6g} ms" if len(between) else "none",
        "largest delay": f"{clock.ms(latest * clock.step):.6g} ms" if len(between) else "none",
        "speed": f"{p.speed:g} mm/ms",
    }
    own_values = "the model's own values" + (f", but {', '.join(p.initial)} as given" if p.initial else "")
    if p.start == "model" and past is None:
        facts["start"] = own_values
    if search.rest is None and p.start == "rest":
        facts["rest"] = f"{search.why}; the run starts from the model's own values"
    elif search.rest is None and search.why:
        facts["rest"] = f"{search.why}; so ports do not tell what they are at rest"
    elif search.rest is not None and search.rest.rates is not None:
        facts["rest"] = f"{np.nanmin(search.rest.rates):.3f} to {np.nanmax(search.rest.rates):.3f} Hz"
    if past is not None:
        told = p.history.run or p.history.file
        facts["history"] = f"{', '.join(past.values)} from {told}, over {clock.ms(s.net.longest * clock.step):.6g} ms before the start"
    if note:
        facts["step"] = note
    if strange:
        facts["outside"] = "; ".join(strange)
    facts |= _heard(s)
    for stimulus in s.stimuli:
        lost = [s.connectome.labels[r] for r in stimulus.regions if r in {x.region for x in s.replaced}]
        if lost:
            facts[f"stimuli[{stimulus.number}]"] = f"has no effect in {', '.join(lost)}, which {'is' if len(lost) == 1 else 'are'} replaced"
    static: dict[str, Any] = {
        "weights": s.net.weights,
        "tract_lengths_mm": s.connectome.tract_lengths,
        "centres_mm": s.connectome.centres,
        "replaced": np.array([r.region for r in s.replaced], np.int64),
        "labels": np.array([label.encode() for label in s.connectome.labels]),
    }
    rows = (1 + s.patches.slots) * n * (2 * s.net.longest + 4 * STRETCH + 150)
    variables = max(len(p.model.state) for p in s.patches.all)
    return Description(
        outputs,
        input_ports(s, clock.step),
        internal_delay=clock.step * max(1, soonest),
        max_ranks=here,
        memory_bytes=8 * (rows + (4 + 3 * variables) * STRETCH * here + 3 * n * n),
        work=1000 / clock.step_ms * (_SECONDS_A_REGION * here + _SECONDS_A_LINK * links),
        facts=facts,
        static=static,
        files=_digest(s, past),
    )


def _digest(s: Setting, past: Past | None) -> str:
    """Return one number over all that was read from files."""
    of_brain = connectome_digest(s.connectome)
    courses = [x.course.samples for x in s.stimuli if isinstance(x.course, Sampled)]
    if past is None and not courses:
        return of_brain
    told = sha256(of_brain.encode() + (past.digest if past else "").encode())
    for samples in courses:
        told.update(repr(samples.shape).encode() + samples.tobytes())
    return told.hexdigest()


def _named(s: Setting, p: PatchSetting) -> str:
    where = "" if len(s.patches.all) == 1 else f" in {len(p.regions)} region{'s' * (len(p.regions) != 1)}"
    return f"{p.model.name}{where} ({p.model.source})"


def _unheard(s: Setting) -> str:
    """Say which models hear no connection, because all that multiplies what they receive is 0; '' where all hear some."""
    deaf = [p for p in s.patches.all if not any(is_heard(s.patches, p.model, r) for r in range(len(p.model.receives)))]
    factors = [list(dict.fromkeys(name for received in p.model.receives for name in received.by)) for p in deaf]
    why = [f"{', '.join(names[:-1])} and {names[-1]} are 0" if names[1:] else f"{names[0]} is 0" for names in factors]
    if len(deaf) == len(s.patches.all):
        return f", which nobody hears: {'; '.join(dict.fromkeys(why))}"
    return "".join(f", which '{p.model.name}' does not hear: {text}" for p, text in zip(deaf, why, strict=True))


def _heard(s: Setting) -> dict[str, str]:
    """Say what different models take from each other."""
    found = {}
    for (target, source, r), taken in s.patches.taken.items():
        if target != source:
            models = {p.model.name: p.model for p in s.patches.all}
            sent, received = models[source].sends[taken.sent].name, models[target].receives[r].name
            plus = f" {taken.plus:+g}" if taken.plus else ""
            found[f"{received} of {target}"] = f"takes {taken.times:g} * {sent}{plus} from {source}"
    return found

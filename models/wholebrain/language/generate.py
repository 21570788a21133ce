"""Write the C sources of translated mean-field models; ``setup.py`` calls this before it builds the kernel.

It needs nothing but the standard library, so that it can run before the package is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosim.models.wholebrain.language.translate import Translated

_SOURCE = """/* Made from {name}.py; change that instead. */
#include "patch.h"

static const char *const model_x[] = {{{x}}};
static const char *const model_p[] = {{{p}}};
static const char *const model_c[] = {{{c}}};
static const char *const model_u[] = {{{u}}};
#define MODEL_COUNTS {counts}
#define MODEL_SENDS {sends}
#define MODEL_HAS_RATE {has_rate}
#define MODEL_HAS_VALID {has_valid}
#define MODEL_FOLLOWS {follows}
#define MODEL_NAME "{name}"
#define MODEL_STRUCT brain_model_{name}
#include "{name}.equations.h"
#define MODEL_LOOPS "{name}.loops.h"
#include "model.h"
"""


def generate(models: Sequence[Translated], sends: dict[str, tuple[str, ...]], state: dict[str, tuple[str, ...]], out: Path) -> list[Path]:
    """Write three files for each model and a list of them all; return the sources to compile.

    Files that would not change are left alone, so that nothing is compiled anew.

    Parameters
    ----------
    models : sequence of Translated
        Equations in C.
    sends, state : dict of str to tuple of str
        For each model the names of what it sends and of its state variables, in order.
    out : Path
        Folder to write into.
    """
    out.mkdir(parents=True, exist_ok=True)
    sources = []
    for model in models:
        writer = _Loops(model, state[model.name], sends[model.name])
        _write(out / f"{model.name}.equations.h", model.code)
        _write(out / f"{model.name}.loops.h", writer.text())
        sources.append(out / f"{model.name}.c")
        _write(sources[-1], writer.source())
    declared = "".join(f"extern const brain_model brain_model_{m.name};\n" for m in models)
    listed = ", ".join(f"&brain_model_{m.name}" for m in models)
    _write(out / "models.h", f"{declared}static const brain_model *const brain_models[] = {{{listed}, 0}};\n")
    return sources


class _Loops:
    """Write the loops over the regions of one model."""

    def __init__(self, model: Translated, state: tuple[str, ...], sends: tuple[str, ...]) -> None:
        self.model, self.state, self.sends = model, state, sends
        self.received, self.inputs = model.reads["c"], model.reads["u"]

    def source(self) -> str:
        """Return the C file that is compiled."""
        m = self.model
        lists = {h: ", ".join(f'"{n}"' for n in names) or "0" for h, names in
                 (("x", self.state), ("p", m.reads["p"]), ("c", self.received), ("u", self.inputs))}
        counts = (len(self.state), len(m.reads["p"]), len(self.received), len(self.inputs))
        follows = 1 if "follow" in m.returns else 2 if "from_rate" in m.returns else 0
        return _SOURCE.format(name=m.name, counts=", ".join(map(str, counts)), sends=len(self.sends), has_rate=int("rate" in m.returns),
                              has_valid=int("valid" in m.returns), follows=follows, **lists)

    def text(self) -> str:
        """Return the functions over all regions of a patch."""
        return "\n".join([self.slopes(), self.sent(), self.heun(), self.follow(), self.valid()])

    def call(self, name: str, state: str, received: str, inputs: str, out: Sequence[str]) -> str:
        """Return the call of an equation on local variables with these prefixes."""
        given = [f"{state}_{n}" for n in self.model.reads["x"]]
        if name in ("slope", "rate"):
            given += [f"{received}_{n}" for n in self.received] + [f"{inputs}_{n}" for n in self.inputs]
        return f"    {self.model.name}_{name}({', '.join(['p', 'm', *given, *(f'&{o}' for o in out)])});"

    def send(self, state: str, out: str) -> list[str]:
        """Return lines that work out what is sent in a state, into ``OUT_0 ...``."""
        names = [f"{out}_{i}" for i in range(len(self.sends))]
        if "sent" not in self.model.returns:
            return [f"    const double {o} = {state}_{n};" for o, n in zip(names, self.sends, strict=True)]
        return [f"    double {', '.join(names)};", self.call("sent", state, "", "", names)]

    def slopes(self) -> str:
        out = ["LOOPS(slopes)(const brain_patch *b, const double *restrict all_x, const double *restrict all_c, "
               "const double *restrict all_u, double *restrict all_d, double *restrict all_rate) {",
               "  const int64_t m = b->m;", "  EACH(i) {",
               "    const double *restrict p = b->parameters + i;"]
        out += self.load("x", "all_x", self.state) + self.load("c", "all_c", self.received) + self.load("u", "all_u", self.inputs)
        out += [f"    double {', '.join(f'd_{n}' for n in self.state)};", self.call("slope", "x", "c", "u", [f"d_{n}" for n in self.state])]
        out += [f"    all_d[{v} * m + i] = d_{n};" for v, n in enumerate(self.state)]
        out += [*self.rate("x", "c", "u", "all_rate[i]"), "  }", "}"]
        return "\n".join(out) + "\n"

    def rate(self, state: str, received: str, inputs: str, into: str) -> list[str]:
        if "rate" not in self.model.returns:
            return []
        return ["    double rate;", self.call("rate", state, received, inputs, ["rate"]), f"    {into} = rate;"]

    def sent(self) -> str:
        out = ["LOOPS(send)(const brain_patch *b, const double *restrict all_x, double *restrict all_sent) {", "  const int64_t m = b->m;",
               "  EACH(i) {", "    const double *restrict p = b->parameters + i;", "    (void)p;", *self.load("x", "all_x", self.state),
               *self.send("x", "s")]
        out += [f"    all_sent[{i} * m + i] = s_{i};" for i in range(len(self.sends))]
        return "\n".join([*out, "  }", "}"]) + "\n"

    def load(self, prefix: str, array: str, names: Sequence[str]) -> list[str]:
        return [f"    const double {prefix}_{n} __attribute__((unused)) = {array}[{k} * m + i];" for k, n in enumerate(names)]

    def coupled(self, prefix: str, base: str, sent: str) -> list[str]:
        """Return lines that put what is received together: the sum over others, then what the region sends itself, times G, and a shift."""
        out = []
        for r, name in enumerate(self.received):
            own = [f"b->own[{r * len(self.sends) + s} * m + i] * {sent}_{s}" for s in range(len(self.sends))]
            total = " + ".join([f"{base}[{r} * m + i]", *own])
            out.append(f"    const double {prefix}_{name} = gain * ({total}) + b->shift[{r} * m + i];")
        return out

    def heun(self) -> str:
        """Return one step of Heun's scheme with linear coupling, both stages at once."""
        state = self.state
        out = ["LOOPS(heun)(const brain_patch *restrict b, const double dt, const int held, const double *restrict from, "
               "double *restrict to, const double *restrict base, const double *restrict next, const double *restrict u0, "
               "const double *restrict u1, const double *restrict drawn, double *restrict all_sent, double *restrict all_rate) {",
               "  const int64_t m = b->m;", "  const double gain = b->gain, half = .5 * dt;", "  EACH(i) {",
               "    const double *restrict p = b->parameters + i;", *self.load("x", "from", state), *self.send("x", "s"),
               *self.coupled("c", "base", "s"), *self.load("u", "u0", self.inputs), *self.load("v", "u1", self.inputs)]
        out += [f"    double {', '.join(f'a_{n}' for n in state)};", self.call("slope", "x", "c", "u", [f"a_{n}" for n in state])]
        out += self.rate("x", "c", "u", "all_rate[i]")
        for v, n in enumerate(state):
            out += [f"    const double n_{n} = drawn[{v} * m + i];",
                    f"    const double y_{n} = brain_clamp(x_{n} + dt * a_{n} + n_{n}, b->low[{v}], b->high[{v}]);"]
        out += [*self.send("y", "t"), *self.coupled("e", "next", "t")]
        out += [f"    const double f_{n} = held ? c_{n} : e_{n};" for n in self.received]
        out += [f"    const double w_{n} = held ? u_{n} : v_{n};" for n in self.inputs]
        out += [f"    double {', '.join(f'b_{n}' for n in state)};", self.call("slope", "y", "f", "w", [f"b_{n}" for n in state])]
        for v, n in enumerate(state):
            out.append(f"    const double z_{n} = brain_clamp(x_{n} + half * (a_{n} + b_{n}) + n_{n}, b->low[{v}], b->high[{v}]);")
            out.append(f"    to[{v} * m + i] = z_{n};")
        out += self.send("z", "o")
        out += [f"    all_sent[{k} * m + i] = o_{k};" for k in range(len(self.sends))]
        return "\n".join([*out, "  }", "}"]) + "\n"

    def follow(self) -> str:
        """Return the first thing sent, one step on, when the rate of the region is given at both ends of the step."""
        head = ("static inline double LEVELLED(follow)(const double *p, double h, double from, double to, double dt, double low, "
                "double high) {\n"
                "  const int64_t m = 1;\n  (void)p, (void)m, (void)from, (void)to, (void)dt, (void)low, (void)high;\n")
        name = self.model.name
        if "follow" in self.model.returns:
            return head + (f"  double a, b;\n  {name}_follow(p, m, h, from, &a);\n  double y = brain_clamp(h + dt * a, low, high);\n"
                           f"  {name}_follow(p, m, y, to, &b);\n  return brain_clamp(h + .5 * dt * (a + b), low, high);\n}}\n")
        if "from_rate" in self.model.returns:
            return head + f"  double s;\n  {name}_from_rate(p, m, to, &s);\n  return s;\n}}\n"
        return head + "  return h;\n}\n"

    def valid(self) -> str:
        out = ["LOOPS(judge)(const brain_patch *b, const double *restrict all_x, double *restrict all_valid) {",
               "  const int64_t m = b->m;", "  EACH(i) {", "    const double *restrict p = b->parameters + i;",
               "    (void)p;", *self.load("x", "all_x", self.state)]
        if "valid" in self.model.returns:
            out += ["    double good;", self.call("valid", "x", "", "", ["good"]), "    all_valid[i] = good;"]
        else:
            out.append("    all_valid[i] = 1.;")
        return "\n".join([*out, "  }", "}"]) + "\n"


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)

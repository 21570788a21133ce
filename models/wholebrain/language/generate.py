"""Write the C sources of translated mean-field models; ``setup.py`` calls this before it builds the kernel.

It needs nothing but the standard library, so that it can run before the package is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosim.models.wholebrain.language.translate import Translated

_LONG = 4000
"""Equations of more characters than this are compiled once for all loops: inlined into each of them they would take minutes to compile."""

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
#define MODEL_EQUATIONS "{name}.equations.h"
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
        return "\n".join([self.derivatives(), self.slopes(), self.sent(), self.heun(), self.follow(), self.valid()])

    def call(self, name: str, state: str, out: Sequence[str]) -> str:
        """Return the call of an equation of the state alone on local variables with this prefix."""
        given = [f"{state}_{n}" for n in self.model.reads["x"]]
        return f"    LEVELLED({self.model.name}_{name})({', '.join(['p', *given, *(f'&{o}' for o in out)])});"

    def derivatives(self) -> str:
        """Return the function that gives slopes and, where there is one, the rate: together they share what both work out."""
        given = [f"const REAL {holder}_{n}" for holder in "xcu" for n in self.model.reads[holder]]
        given += [f"REAL *restrict d_{n}" for n in self.state] + ["REAL *restrict rate"] * ("rate" in self.model.returns)
        how = "__attribute__((noinline))" if len(self.model.code) > _LONG else "inline __attribute__((always_inline))"
        parts = [("slope", [f"d_{n}" for n in self.state])] + [("rate", ["rate"])] * ("rate" in self.model.returns)
        reads = [f"{holder}_{n}" for holder in "xcu" for n in self.model.reads[holder]]
        body = [f"  LEVELLED({self.model.name}_{name})({', '.join(['p', *reads, *out])});" for name, out in parts]
        return "\n".join([f"static {how} void LEVELLED(derivatives)(const double *restrict p, {', '.join(given)}) {{", *body, "}"]) + "\n"

    def derive(self, out: str, state: str, received: str, inputs: str, rate: str) -> list[str]:
        """Return lines that declare and work out slopes and rate from local variables with these prefixes."""
        given = [f"{prefix}_{n}" for prefix, holder in ((state, "x"), (received, "c"), (inputs, "u")) for n in self.model.reads[holder]]
        found = [f"{out}_{n}" for n in self.state] + [rate] * ("rate" in self.model.returns)
        return [f"    REAL {', '.join(found)};", f"    LEVELLED(derivatives)({', '.join(['p', *given, *(f'&{f}' for f in found)])});",
                *([f"    (void){rate};"] * ("rate" in self.model.returns))]

    def send(self, state: str, out: str) -> list[str]:
        """Return lines that work out what is sent in a state, into ``OUT_0 ...``."""
        names = [f"{out}_{i}" for i in range(len(self.sends))]
        if "sent" not in self.model.returns:
            return [f"    const REAL {o} = {state}_{n};" for o, n in zip(names, self.sends, strict=True)]
        return [f"    REAL {', '.join(names)};", self.call("sent", state, names)]

    def loop(self, arrays: dict[str, tuple[str, int]], body: list[str]) -> list[str]:
        """Return the loop over the chunks of a patch, and over the regions of a chunk.

        Parameters
        ----------
        arrays : dict of str to (str, int)
            Pointers of a chunk by name: the array it lies in, and how many rows that has.
        body : list of str
            Lines for region i of a chunk.
        """
        parameters = len(self.model.reads["p"])
        out = ["  for (int64_t q = 0; q < b->m; q += BRAIN_WIDE) {",
               f"    const double *restrict all_p __attribute__((unused)) = b->parameters + q * {parameters};"]
        for name, (array, rows) in arrays.items():
            out.append(f"    {name} = {array} + q * {rows};")
        out += ["    EACH(i) {", "    const double *restrict p __attribute__((unused)) = all_p + i;", *body, "    }", "  }"]
        return out

    def slopes(self) -> str:
        v, c, u = len(self.state), len(self.received), len(self.inputs)
        arrays = {"const double *restrict here_x": ("all_x", v), "const double *restrict here_c": ("all_c", c),
                  "const double *restrict here_u": ("all_u", u), "double *restrict here_d": ("all_d", v),
                  "double *restrict here_rate": ("all_rate", 1)}
        body = self.load("x", "here_x", self.state) + self.load("c", "here_c", self.received) + self.load("u", "here_u", self.inputs)
        body += self.derive("d", "x", "c", "u", "rate")
        body += [f"    {_put('here_d', k)} = d_{n};" for k, n in enumerate(self.state)]
        body += self.keep_rate()
        head = ("LOOPS(slopes)(const brain_patch *b, const double *all_x, const double *all_c, const double *all_u, double *all_d, "
                "double *all_rate) {")
        return "\n".join([head, *self.loop(_used(arrays), body), "}"]) + "\n"

    def keep_rate(self) -> list[str]:
        return [f"    {_put('here_rate', 0)} = rate;"] if "rate" in self.model.returns else []

    def sent(self) -> str:
        arrays = {"const double *restrict here_x": ("all_x", len(self.state)), "double *restrict here_s": ("all_sent", len(self.sends))}
        body = [*self.load("x", "here_x", self.state), *self.send("x", "s")]
        body += [f"    {_put('here_s', k)} = s_{k};" for k in range(len(self.sends))]
        head = "LOOPS(send)(const brain_patch *b, const double *all_x, double *all_sent) {"
        return "\n".join([head, *self.loop(_used(arrays), body), "}"]) + "\n"

    def load(self, prefix: str, array: str, names: Sequence[str]) -> list[str]:
        return [f"    const REAL {prefix}_{n} __attribute__((unused)) = {_get(array, k)};" for k, n in enumerate(names)]

    def coupled(self, prefix: str, base: str, sent: str) -> list[str]:
        """Return lines that put what is received together: the sum over others, then what the region sends itself, times G, and a shift."""
        out = []
        for r, name in enumerate(self.received):
            out.append(f"    REAL {prefix}_{name} = {_get(base, r)};")
            own = [f"{_get('here_own', r * len(self.sends) + s)} * {sent}_{s}" for s in range(len(self.sends))]
            out.append(f"    if (own) {prefix}_{name} = {' + '.join([f'{prefix}_{name}', *own])};")
            out.append(f"    {prefix}_{name} = gain * {prefix}_{name} + {_get('here_shift', r)};")
        return out

    def heun(self) -> str:
        """Return one step of Heun's scheme with linear coupling, both stages at once.

        `own` says whether regions are connected with themselves, `noisy` whether there is noise, `extra` whether there are inputs or held
        sums. All are known where the body is inlined, so that what is not there costs nothing; what is left out would add 0.
        """
        state, v, c, u, s = self.state, len(self.state), len(self.received), len(self.inputs), len(self.sends)
        arrays = {"const double *restrict here_x": ("from", v), "double *restrict here_z": ("to", v),
                  "const double *restrict here_base": ("base", c), "const double *restrict here_next": ("next", c),
                  "const double *restrict here_u": ("u0", u), "const double *restrict here_v": ("u1", u),
                  "const double *restrict here_noise": ("drawn", v), "double *restrict here_sent": ("all_sent", s),
                  "double *restrict here_rate": ("all_rate", 1), "const double *restrict here_own": ("b->own", c * s),
                  "const double *restrict here_shift": ("b->shift", c)}
        body = [*self.load("x", "here_x", state), *self.send("x", "s"), *self.coupled("c", "here_base", "s")]
        for n, k in zip(self.inputs, range(u), strict=True):
            body += [f"    REAL u_{n} __attribute__((unused)) = SPLAT(0.);", f"    if (extra) u_{n} = {_get('here_u', k)};"]
            body += [f"    REAL v_{n} __attribute__((unused)) = SPLAT(0.);", f"    if (extra) v_{n} = {_get('here_v', k)};"]
        body += [*self.derive("a", "x", "c", "u", "rate"), *self.keep_rate()]
        for k, n in enumerate(state):
            body.append(f"    REAL y_{n} = x_{n} + dt * a_{n};")
            body.append(f"    if (noisy) y_{n} += {_get('here_noise', k)};")
            body.append(f"    y_{n} = LEVELLED(clamp)(y_{n}, b->low[{k}], b->high[{k}]);")
        # The second stage waits for all of the first: with the first stages of all vectors of a chunk side by side, one works while
        # another waits.
        names = (("a", state), ("y", state), ("c", self.received), ("u", self.inputs), ("v", self.inputs))
        kept = [f"{prefix}_{n}" for prefix, all_names in names for n in all_names]
        body += [f"    kept[{k}][i / LANES] = {name};" for k, name in enumerate(kept)]
        body += ["    }", "    EACH(i) {", "    const double *restrict p __attribute__((unused)) = all_p + i;"]
        body += self.load("x", "here_x", state)
        body += [f"    REAL {name} __attribute__((unused)) = kept[{k}][i / LANES];" for k, name in enumerate(kept)]
        body += [*self.send("y", "t"), *self.coupled("e", "here_next", "t")]
        body += [f"    if (extra && held) e_{n} = c_{n};" for n in self.received]
        body += [f"    if (extra && held) v_{n} = u_{n};" for n in self.inputs]
        body += self.derive("b", "y", "e", "v", "later")
        for k, n in enumerate(state):
            body.append(f"    REAL z_{n} = x_{n} + half * (a_{n} + b_{n});")
            body.append(f"    if (noisy) z_{n} += {_get('here_noise', k)};")
            body.append(f"    z_{n} = LEVELLED(clamp)(z_{n}, b->low[{k}], b->high[{k}]);")
            body.append(f"    {_put('here_z', k)} = z_{n};")
        body += self.send("z", "o")
        body += [f"    {_put('here_sent', k)} = o_{k};" for k in range(s)]
        taken = ("const brain_patch *restrict b, const double dt, const int held, const double *from, double *to, const double *base, "
                 "const double *next, const double *u0, const double *u1, const double *drawn, double *all_sent, double *all_rate")
        passed = "b, dt, held, from, to, base, next, u0, u1, drawn, all_sent, all_rate"
        out = [f"static inline __attribute__((always_inline)) void LEVELLED(both)({taken}, const int own, const int noisy, "
               "const int extra) {",
               "  const double gain = b->gain, half = .5 * dt;", f"  REAL kept[{len(kept)}][BRAIN_WIDE / LANES];",
               *self.loop(_used(arrays), body), "}"]
        for name, known in (("bare", "0, 0, 0"), ("noisy", "0, 1, 0"), ("own", "1, 0, 0"), ("own_noisy", "1, 1, 0"), ("full", "1, 1, 1")):
            out.append(f"LOOPS(heun_{name})({taken}) {{ LEVELLED(both)({passed}, {known}); }}")
        return "\n".join(out) + "\n"

    def follow(self) -> str:
        """Return the first thing sent, one step on, when the rate of a region is given at both ends of the step."""
        head = ("static double LEVELLED(follow)(const brain_patch *b, int64_t region, double given, double from, double to, double dt, "
                "double low, double high) {\n"
                f"  const double *p = b->parameters + region / BRAIN_WIDE * BRAIN_WIDE * {len(self.model.reads['p'])}"
                " + region % BRAIN_WIDE / LANES * LANES;\n"
                "  REAL h = SPLAT(given), first = SPLAT(from), last = SPLAT(to);\n  (void)p, (void)first, (void)last;\n")
        name = self.model.name
        if "follow" in self.model.returns:
            body = (f"  REAL a, c;\n  LEVELLED({name}_follow)(p, h, first, &a);\n  REAL y = LEVELLED(clamp)(h + dt * a, low, high);\n"
                    f"  LEVELLED({name}_follow)(p, y, last, &c);\n  h = LEVELLED(clamp)(h + .5 * dt * (a + c), low, high);\n")
        elif "from_rate" in self.model.returns:
            body = f"  LEVELLED({name}_from_rate)(p, last, &h);\n"
        else:
            body = ""
        return f"{head}  (void)dt, (void)low, (void)high;\n{body}  return h[region % LANES];\n}}\n"

    def valid(self) -> str:
        arrays = {"const double *restrict here_x": ("all_x", len(self.state)), "double *restrict here_valid": ("all_valid", 1)}
        body = self.load("x", "here_x", self.state)
        if "valid" in self.model.returns:
            body += ["    REAL good;", self.call("valid", "x", ["good"]), f"    {_put('here_valid', 0)} = good;"]
        else:
            body.append(f"    {_put('here_valid', 0)} = SPLAT(1.);")
        head = "LOOPS(judge)(const brain_patch *b, const double *all_x, double *all_valid) {"
        return "\n".join([head, *self.loop(_used(arrays), body), "}"]) + "\n"


def _get(array: str, row: int) -> str:
    return f"AT({array} + {row} * BRAIN_WIDE + i)"


def _put(array: str, row: int) -> str:
    return f"*(REAL *)({array} + {row} * BRAIN_WIDE + i)"


def _used(arrays: dict[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    return {f"{name} __attribute__((unused))": what for name, what in arrays.items()}


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)

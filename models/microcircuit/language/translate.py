"""Turn the step functions of a neuron model into C; used when the kernels are built, and by nothing else.

A step function is Python that NumPy can run and that this module can read:

* ``n.NAME`` is a state variable, ``k.NAME`` a constant, ``x.NAME`` an input: the name of an input that receptors feed, ``x.direct`` for
  the direct current, or ``x.uniform`` for a random number between 0 and 1, drawn anew for each neuron and step.
* Assignments to ``n.NAME`` and to local names; ``for _ in range(NUMBER):``, not nested; ``return`` of the neurons that have fired.
* ``+ - * /``, unary ``-``, comparisons, ``& | ~`` between conditions, numbers, the functions of `functions`, and functions of the same
  file that consist of one ``return``.

It needs nothing but the standard library, so that it can run before the package is installed.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from cosim.models.language.expression import AbstractExpressions, NotTranslatable, augmented, functions_of

_VARIABLE = re.compile(r"\b(?:n|x|my)_\w+")
_GIVEN = ("direct", "uniform")
MOST = {"state variables": 24, "constants": 64, "inputs": 4}  # what ``kernel/engine.h`` has room for


@dataclass(frozen=True, slots=True)
class Translated:
    """Hold one step function in C.

    Parameters
    ----------
    name, origin : str
        Name of the kernel, and the file it was made from.
    states, constants, inputs : tuple of str
        What it reads, in the order in which the kernel takes them; the potential comes first.
    is_random : bool
        Whether it takes random numbers.
    code : str
        The C functions, to be included for each instruction set and precision.
    """

    name: str
    origin: str
    states: tuple[str, ...]
    constants: tuple[str, ...]
    inputs: tuple[str, ...]
    is_random: bool
    code: str


def translate(path: Path) -> list[Translated]:
    """Return the step functions of one file, those whose names begin with ``step``, in C; none of a model whose spikes are precise.

    Raises
    ------
    NotTranslatable
        With file, line and reason.
    """
    tree = ast.parse(path.read_text(), str(path))
    functions = functions_of(tree)
    steps = [f for name, f in functions.items() if name.startswith("step")]
    if not steps and not any(isinstance(part, ast.keyword) and part.arg == "is_precise" for part in ast.walk(tree)):
        raise NotTranslatable(f"{path}: there is no function whose name begins with 'step'")
    return [_Step(path, functions, f).translated() for f in steps]


@dataclass(frozen=True, slots=True)
class _Part:
    """Hold lines between two loops of fixed length, or inside one, and how many times they are run through."""

    times: int
    lines: list[str]

    def names(self) -> set[str]:
        return {name for line in self.lines for name in _VARIABLE.findall(line)}

    def assigned(self) -> set[str]:
        return {line.split(" = ")[0].strip() for line in self.lines if " = " in line}


class _Step(AbstractExpressions):
    """Walk through one step function and write C."""

    def __init__(self, path: Path, functions: dict[str, ast.FunctionDef], function: ast.FunctionDef) -> None:
        super().__init__(path, functions)
        self.function = function
        self.read: dict[str, list[str]] = {"n": [], "k": [], "x": []}
        self.written: set[str] = set()
        self.locals: dict[str, bool] = {}
        self.called: dict[str, str] = {}
        self.lines: list[str] = []
        self.parts: list[_Part] = []
        self.inside: dict[str, bool] | None = None

    def translated(self) -> Translated:
        arguments = [a.arg for a in self.function.args.args]
        if arguments != ["n", "k", "x"]:
            raise self.wrong(self.function, f"the arguments are {', '.join(arguments)}; expected n, k, x")
        self.block(self.function.body, "    ", last=True)
        states = self.read["n"]
        if not states or states[0] == "rest":
            raise self.wrong(self.function, "the first state variable that it names must be the potential")
        inputs = tuple(name for name in self.read["x"] if name not in _GIVEN)
        for (what, most), names in zip(MOST.items(), (states, self.read["k"], inputs), strict=True):
            if len(names) > most:
                raise self.wrong(self.function, f"it names {len(names)} {what}; a kernel has room for {most}")
        code = "\n".join([*self.called.values(), self.frame(states, inputs)])
        return Translated(f"{self.path.stem}_{self.function.name}", self.path.name, tuple(states), tuple(self.read["k"]), inputs,
                          "uniform" in self.read["x"], code)

    def frame(self, states: list[str], inputs: tuple[str, ...]) -> str:
        """Return the function around the body: what it takes, and the loop over a chunk."""
        out = ["MC_TARGET static inline __attribute__((always_inline)) MC_INT MC_KIND(chunk)(const MC_KIND(given) *g, const int wide) {"]
        out += [f"  const MC_REAL k_{name} = g->constant[{i}];" for i, name in enumerate(self.read["k"])]
        out += [f"  MC_REAL *restrict all_{name} = g->state[{i}];" for i, name in enumerate(states)]
        for i in range(len(inputs)):
            out.append(f"  const MC_REAL unit_{i} = g->unit[{i}], weight_{i} = g->background[{i}];")
            out.append(f"  int32_t *restrict input_{i} = g->input[{i}];")
            out.append(f"  const MC_REAL *restrict extra_{i} = g->extra[{i}];")
        out += ["  const MC_REAL direct = g->direct;", "  const MC_REAL *restrict more = g->more;", "  MC_INT *restrict fired = g->fired;",
                "  const int32_t *restrict count = g->count;", "  const MC_REAL *restrict uniform = g->uniform;", "  MC_INT any = 0;",
                "  (void)direct, (void)more, (void)count, (void)uniform;"]
        given = []
        for i, name in enumerate(inputs):
            given += [f"    MC_REAL x_{name} = unit_{i} * (MC_REAL)input_{i}[i] + weight_{i} * (MC_REAL)count[i];",
                      f"    if (wide) x_{name} += extra_{i}[i];", f"    input_{i}[i] = 0;"]
        if "direct" in self.read["x"]:
            given.append("    const MC_REAL x_direct = wide ? direct + more[i] : direct;")
        if "uniform" in self.read["x"]:
            given.append("    const MC_REAL x_uniform = uniform[i];")
        told = [f"    MC_INT out = spoke | !(MC_ABSOLUTE(n_{states[0]}) <= MC_LARGEST);", "    fired[i] = out;", "    any |= out;"]
        parts = [_Part(1, given + self.parts[0].lines), *self.parts[1:]] if len(self.parts) > 1 else [_Part(1, given + self.lines + told)]
        if len(self.parts) > 1:
            parts.append(_Part(1, self.lines + told))
        kinds = {f"x_{name}": "MC_REAL" for name in self.read["x"]} | {n: "MC_INT" if m else "MC_REAL" for n, m in self.locals.items()}
        crossing = [name for name in kinds if sum(name in part.names() for part in parts) > 1]
        out += [f"  {kinds[name]} all_{name}[MC_CHUNK];" for name in crossing]
        for part in parts:
            out += self.loop(part, states, kinds, crossing, declared=part is parts[0])
        return "\n".join([*out, "  return any;", "}"]) + "\n"

    def loop(self, part: _Part, states: list[str], kinds: dict[str, str], crossing: list[str], declared: bool) -> list[str]:
        """Return the loop over a chunk of one part: what it takes from memory, its lines, what it leaves in memory.

        A loop of fixed length stands around the loop over the chunk, not inside it, so that a compiler can do several neurons at once. No
        neuron looks at another's variables, which is said to it as well.
        """
        names = part.names()
        out = ['  _Pragma("GCC ivdep")', "  for (int i = 0; i < MC_CHUNK; i++) {"]
        out += [f"    MC_REAL n_{name} = all_{name}[i];" for name in states if f"n_{name}" in names]
        for name, kind in kinds.items():
            if name in names and not (declared and name.startswith("x_")):
                out.append(f"    {kind} {name}{f' = all_{name}[i]' if name in crossing and not declared else ''};")
        out += part.lines
        out += [f"    all_{name}[i] = n_{name};" for name in states if f"n_{name}" in part.assigned()]
        out += [f"    all_{name}[i] = {name};" for name in crossing if name in part.assigned() or (declared and name.startswith("x_"))]
        out.append("  }")
        if part.times == 1:
            return out
        return [f"  for (int part = 0; part < {part.times}; part++) {{", *(f"  {line}" for line in out), "  }"]

    def block(self, body: list[ast.stmt], indent: str, last: bool = False) -> None:
        for statement in body:
            match statement:
                case ast.Expr(value=ast.Constant(value=str())):
                    continue
                case ast.Assign(targets=[target], value=value):
                    self.lines.append(f"{indent}{self.target(target, value)};")
                case ast.AugAssign(target=target):
                    self.lines.append(f"{indent}{self.target(target, augmented(statement))};")
                case ast.For(target=ast.Name(), iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(many))])) if last:
                    self.parts.append(_Part(1, self.lines))
                    self.lines = []
                    self.block(statement.body, indent)
                    self.parts.append(_Part(many, self.lines))
                    self.lines = []
                case ast.Return(value=value) if last and value is not None and statement is body[-1]:
                    code, is_mask = self.expression(value)
                    if not is_mask:
                        raise self.wrong(value, "a step returns a condition: who has fired")
                    self.lines.append(f"{indent}const MC_INT spoke = {code};")
                case _:
                    raise self.wrong(statement, "this statement has no counterpart in a kernel")
        if last and not (body and isinstance(body[-1], ast.Return)):
            raise self.wrong(self.function, "a step ends with 'return' of who has fired")

    def target(self, target: ast.expr, value: ast.expr) -> str:
        code, is_mask = self.expression(value)
        match target:
            case ast.Attribute(value=ast.Name(id="n"), attr=name):
                if is_mask:
                    raise self.wrong(target, f"n.{name} is a number and cannot hold a condition")
                self.note("n", name)
                self.written.add(name)
                return f"n_{name} = {code}"
            case ast.Name(id=name):
                if self.locals.setdefault(f"my_{name}", is_mask) != is_mask:
                    raise self.wrong(target, f"'{name}' is a number in one place and a condition in another")
                return f"my_{name} = {code}"
            case _:
                raise self.wrong(target, "only n.NAME and local names can be assigned to")

    def note(self, holder: str, name: str) -> None:
        if name not in self.read[holder]:
            self.read[holder].append(name)

    def number(self, value: float) -> str:
        return f"((MC_REAL){value!r})"

    def known(self, name: str) -> tuple[str, bool] | None:
        known = self.locals if self.inside is None else self.inside
        return (f"my_{name}", known[f"my_{name}"]) if f"my_{name}" in known else None

    def held(self, e: ast.expr, holder: str, name: str) -> str:
        if holder not in self.read or self.inside is not None:
            raise self.wrong(e, "only numbers, n.NAME, k.NAME, x.NAME and local names have a counterpart in a kernel")
        self.note(holder, name)
        return f"{holder}_{name}"

    def built_in(self, name: str) -> str:
        return "MC_KIND(where)" if name == "where" else f"MC_{name.upper()}"

    def own(self, e: ast.Call, name: str, arguments: list[ast.expr]) -> str:
        given = [self.real(a) for a in arguments]
        if name not in self.called:
            self.called[name] = self.function_of_file(name)
        return f"MC_KIND(my_{name})({', '.join(given)})"

    def function_of_file(self, name: str) -> str:
        function = self.functions[name]
        body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            raise self.wrong(function, f"'{name}' must consist of one 'return'")
        outside, self.inside = self.inside, {f"my_{a.arg}": False for a in function.args.args}
        code = self.real(body[0].value)
        self.inside = outside
        arguments = ", ".join(f"MC_REAL my_{a.arg}" for a in function.args.args)
        return f"MC_TARGET static inline __attribute__((always_inline)) MC_REAL MC_KIND(my_{name})({arguments}) {{ return {code}; }}\n"

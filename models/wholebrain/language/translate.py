"""Turn the equations of a mean-field model into C; used when the kernels are built, and by nothing else.

The equations are Python that NumPy can run and that this module can read:

* ``x.NAME`` is a state variable, ``p.NAME`` a parameter or what is derived from parameters, ``c.NAME`` what is received, ``u.NAME`` an
  input.
* Assignments to local names, ``a, b = own_function(...)``, and ``return`` of a tuple, a number or a condition at the end.
* ``+ - * /``, unary ``-``, comparisons, ``& | ~`` between conditions, numbers, the functions of `cosim.models.language.functions`, and
  functions of the same file, which may take the holder ``p`` as an argument of that name.

What depends on parameters alone, such as ``1.0 / p.tau``, is worked out once for each region: it becomes a row of parameters of its own,
whose name is the expression.

It needs nothing but the standard library, so that it can run before the package is installed.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cosim.models.language.expression import FUNCTIONS, AbstractExpressions, NotTranslatable, augmented, functions_of

# Equations by name: their arguments, and what they return.
EQUATIONS = {"slope": (("x", "p", "c", "u"), "tuple"), "sent": (("x", "p"), "tuple"), "rate": (("x", "p", "c", "u"), "number"),
             "follow": (("h", "r", "p"), "number"), "from_rate": (("r", "p"), "number"), "valid": (("x", "p"), "condition")}
_MORE = {"sin": 1, "cos": 1, "tanh": 1, "erfc": 1}
_COMPARE = {ast.Lt: ("LESS", False), ast.Gt: ("LESS", True), ast.LtE: ("LEAST", False), ast.GtE: ("LEAST", True), ast.Eq: ("EQUAL", False)}
HEAD = "static inline __attribute__((always_inline))"


@dataclass(frozen=True, slots=True)
class Translated:
    """Hold the equations of one model in C.

    Parameters
    ----------
    name : str
        Name of the model, which is that of its file.
    reads : mapping of str to tuple of str
        What each holder has, in the order of the C arguments or of the rows of ``p``; of the parameters, what the equations read.
    returns : mapping of str to int
        How many numbers each equation returns; an equation that the model does not have is missing.
    code : str
        One C function for each own function and each equation.
    """

    name: str
    reads: dict[str, tuple[str, ...]]
    returns: dict[str, int]
    code: str


def translate(path: Path, state: tuple[str, ...], receives: tuple[str, ...], inputs: tuple[str, ...]) -> Translated:
    """Return the equations of one file in C.

    Parameters
    ----------
    path : Path
        The file.
    state, receives, inputs : tuple of str
        Names of the state variables, of what is received and of the inputs, in the model's order.

    Raises
    ------
    NotTranslatable
        With file, line and reason.
    """
    functions = functions_of(ast.parse(path.read_text(), str(path)))
    if "slope" not in functions:
        raise NotTranslatable(f"{path}: there is no function 'slope'")
    reads: dict[str, list[str]] = {"x": list(state), "p": [], "c": list(receives), "u": list(inputs)}
    called: dict[str, str] = {}
    returns: dict[str, int] = {}
    bodies = {}
    for name, (arguments, _) in EQUATIONS.items():
        if name in functions:
            function = functions[name]
            if tuple(a.arg for a in function.args.args) != arguments:
                raise NotTranslatable(f"{path}:{function.lineno}: the arguments of '{name}' must be {', '.join(arguments)}")
            writer = _Function(path, functions, function, reads, called, "xpcu")
            bodies[name], returns[name] = writer.body(), writer.returned
    equations = [_equation(path.stem, name, body, reads, returns[name]) for name, body in bodies.items()]
    return Translated(path.stem, {h: tuple(names) for h, names in reads.items()}, returns, "\n".join([*called.values(), *equations]))


def _equation(model: str, name: str, body: list[str], reads: dict[str, list[str]], returned: int) -> str:
    """Return the C function of an equation; it takes every variable that the model has, as whoever calls it inlines it."""
    given = [f"const REAL {holder}_{n}" for holder in "xcu" if holder in EQUATIONS[name][0] for n in reads[holder]]
    given += [f"const REAL my_{a}" for a in EQUATIONS[name][0] if a not in "xpcu"]
    out = [f"REAL *restrict out_{i}" for i in range(returned)]
    head = f"{HEAD} void LEVELLED({model}_{name})(const double *restrict p, {', '.join([*given, *out])}) {{\n  (void)p;"
    return "\n".join([head, *body, "}"]) + "\n"


class _Function(AbstractExpressions):
    """Walk through one function and write the lines of its body; what it returns goes to ``out_0, out_1 ...``."""

    def __init__(self, path: Path, functions: dict[str, ast.FunctionDef], function: ast.FunctionDef, reads: dict[str, list[str]],
                 called: dict[str, str], holders: str = "p") -> None:
        super().__init__(path, functions)
        self.function, self.reads, self.called = function, reads, called
        arguments = [a.arg for a in function.args.args]
        self.holders = {a for a in arguments if a in holders}
        self.locals = {f"my_{a}": False for a in arguments if a not in self.holders}
        self.lines: list[str] = []
        self.returned = 0

    def body(self) -> list[str]:
        """Return the lines; `returned` then says how many numbers come back."""
        statements = [s for s in self.function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        if not statements or not isinstance(statements[-1], ast.Return) or statements[-1].value is None:
            raise self.wrong(self.function, f"'{self.function.name}' must end with 'return' of something")
        for statement in statements[:-1]:
            self.statement(statement)
        value = statements[-1].value
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        self.returned = len(values)
        for i, each in enumerate(values):
            code, is_mask = self.expression(each)
            self.lines.append(f"  *out_{i} = {f'SELECT({code}, SPLAT(1.), SPLAT(0.))' if is_mask else code};")
        return self.lines

    def statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assign(statement, name, *self.expression(value))
            case ast.AugAssign(target=ast.Name(id=name)):
                self.assign(statement, name, *self.expression(augmented(statement)))
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Call(func=ast.Name(id=name), args=arguments) as call) if all(
                    isinstance(t, ast.Name) for t in targets):
                names = [t.id for t in targets if isinstance(t, ast.Name)]
                given = self.own_function(call, name, arguments, len(names))
                fresh = [n for n in names if f"my_{n}" not in self.locals]
                if fresh:
                    self.lines.append(f"  REAL {', '.join(f'my_{n}' for n in fresh)};")
                self.locals |= {f"my_{n}": False for n in names}
                self.lines.append(f"  LEVELLED(my_{name})({', '.join([*given, *(f'&my_{n}' for n in names)])});")
            case _:
                raise self.wrong(statement, "this statement has no counterpart in a kernel")

    def assign(self, statement: ast.stmt, name: str, code: str, is_mask: bool) -> None:
        known = self.locals.get(f"my_{name}")
        if known is None:
            self.locals[f"my_{name}"] = is_mask
            self.lines.append(f"  {'MASK' if is_mask else 'REAL'} my_{name} = {code};")
        elif known == is_mask:
            self.lines.append(f"  my_{name} = {code};")
        else:
            raise self.wrong(statement, f"'{name}' is a number in one place and a condition in another")

    def number(self, value: float) -> str:
        return f"SPLAT({value!r})"

    def known(self, name: str) -> tuple[str, bool] | None:
        return (f"my_{name}", self.locals[f"my_{name}"]) if f"my_{name}" in self.locals else None

    def held(self, e: ast.expr, holder: str, name: str) -> str:
        if holder not in self.holders:
            raise self.wrong(e, f"'{holder}' is no holder here; expected one of {', '.join(sorted(self.holders)) or 'none'}")
        names = self.reads[holder]
        if name not in names and holder != "p":
            raise self.wrong(e, f"the model has no '{name}' to read as {holder}.{name}; it has {', '.join(names)}")
        if name not in names:
            names.append(name)
        return f"AT(p + {names.index(name)} * BRAIN_WIDE)" if holder == "p" else f"{holder}_{name}"

    def is_constant(self, e: ast.expr) -> bool:
        """Return whether an expression depends on parameters only, so that it is worked out once for each region."""
        if not isinstance(e, ast.BinOp | ast.UnaryOp | ast.Call) or (isinstance(e, ast.UnaryOp) and isinstance(e.operand, ast.Constant)):
            return False
        return all(_depends_on_parameters(part, self.available()) for part in ast.iter_child_nodes(e)) and "p" in self.holders

    def available(self) -> dict[str, int]:
        return FUNCTIONS | _MORE

    def built_in(self, name: str) -> str:
        return f"LEVELLED({name})"

    def operation(self, e: ast.expr) -> tuple[str, bool]:
        match e:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                name, is_swapped = _COMPARE[type(op)]
                both = [self.real(left), self.real(right)]
                return f"{name}({', '.join(reversed(both) if is_swapped else both)})", True
            case ast.Compare(left=left, ops=[ast.NotEq()], comparators=[right]):
                return f"(~EQUAL({self.real(left)}, {self.real(right)}))", True
            case _:
                return super().operation(e)

    def expression(self, e: ast.expr) -> tuple[str, bool]:
        if self.is_constant(e):
            return self.held(e, "p", ast.unparse(e)), False
        match e:
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return f"(~{self.condition(operand)})", True
            case _:
                return super().expression(e)

    def own(self, e: ast.Call, name: str, arguments: list[ast.expr]) -> str:
        given = self.own_function(e, name, arguments, 1)
        fresh = f"my_value_{len(self.lines)}_{len(self.locals)}"
        self.locals[fresh] = False
        self.lines += [f"  REAL {fresh};", f"  LEVELLED(my_{name})({', '.join([*given, f'&{fresh}'])});"]
        return fresh

    def own_function(self, e: ast.Call, name: str, arguments: list[ast.expr], expected: int) -> list[str]:
        """Return the arguments of a call in C; write the function where it has not been written yet."""
        if name not in self.functions or len(arguments) != len(self.functions[name].args.args):
            raise self.wrong(e, f"there is no function '{name}' of {len(arguments)} arguments in this file")
        wanted = [a.arg for a in self.functions[name].args.args]
        given = []
        for each, argument in zip(arguments, wanted, strict=True):
            if argument == "p":
                if not (isinstance(each, ast.Name) and each.id == "p"):
                    raise self.wrong(e, f"'{name}' takes the holder of the parameters: pass p on")
            else:
                given.append(self.real(each))
        if name not in self.called:
            writer = _Function(self.path, self.functions, self.functions[name], self.reads, self.called)
            body = writer.body()
            taken = [f"const REAL my_{a}" for a in wanted if a != "p"]
            out = [f"REAL *restrict out_{i}" for i in range(writer.returned)]
            head = f"{HEAD} void LEVELLED(my_{name})(const double *restrict p, {', '.join([*taken, *out])}) {{\n  (void)p;"
            self.called[name] = "\n".join([head, *body, "}"]) + "\n"
        returned = self.called[name].count("REAL *restrict out_")
        if returned != expected:
            raise self.wrong(e, f"'{name}' returns {returned} numbers, and {expected} are taken")
        return ["p", *given]


def _depends_on_parameters(node: ast.AST, functions: Collection[str]) -> bool:
    """Return whether a part of an expression reads parameters, numbers and common functions only."""
    match node:
        case ast.Attribute(value=ast.Name(id="p")) | ast.Constant() | ast.operator() | ast.unaryop():
            return True
        case ast.Name(id=name):
            return name in functions
        case ast.BinOp() | ast.UnaryOp() | ast.Call():
            return all(_depends_on_parameters(part, functions) for part in ast.iter_child_nodes(node))
        case _:
            return False

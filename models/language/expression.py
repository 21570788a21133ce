"""Turn Python expressions into C; used when the kernels are built, and by nothing else.

It needs nothing but the standard library, so that it can run before the package is installed.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from pathlib import Path

FUNCTIONS = {"exp": 1, "expm1": 1, "log": 1, "sqrt": 1, "absolute": 1, "minimum": 2, "maximum": 2}
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
_LOGIC = {ast.BitAnd: "&", ast.BitOr: "|"}


class NotTranslatable(Exception):
    """Say which line of a model cannot be turned into C, and why."""


class AbstractExpressions(ABC):
    """Write C for expressions: numbers, ``+ - * /``, unary ``-``, comparisons, ``& | ~`` between conditions, calls, and names.

    Parameters
    ----------
    path : Path
        The file, for messages.
    functions : mapping of str to ast.FunctionDef
        The functions of the file, which may be called.
    """

    def __init__(self, path: Path, functions: dict[str, ast.FunctionDef]) -> None:
        self.path, self.functions = path, functions

    @abstractmethod
    def number(self, value: float) -> str:
        """Return a number in C."""

    @abstractmethod
    def known(self, name: str) -> tuple[str, bool] | None:
        """Return C for a local name and whether it is a condition; None where it is not known here."""

    @abstractmethod
    def held(self, e: ast.expr, holder: str, name: str) -> str:
        """Return C for ``holder.name``."""

    @abstractmethod
    def built_in(self, name: str) -> str:
        """Return how C calls `where` or one of the functions that every model may use."""

    @abstractmethod
    def own(self, e: ast.Call, name: str, arguments: list[ast.expr]) -> str:
        """Return the call of a function of the same file."""

    def available(self) -> dict[str, int]:
        """Return the functions that every model may use, with how many arguments they take."""
        return FUNCTIONS

    def expression(self, e: ast.expr) -> tuple[str, bool]:
        """Return C code and whether it is a condition."""
        match e:
            case ast.Constant() | ast.Attribute() | ast.Name():
                return self.atom(e)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self.real(operand)})", False
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return f"(!{self.condition(operand)})", True
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.call(e, name, arguments), False
            case _:
                return self.operation(e)

    def atom(self, e: ast.expr) -> tuple[str, bool]:
        """Return C for a number or a name."""
        match e:
            case ast.Constant(value=bool()):
                raise self.wrong(e, "write a comparison instead of True or False")
            case ast.Constant(value=int() | float() as number):
                return self.number(float(number)), False
            case ast.Attribute(value=ast.Name(id=holder), attr=name):
                return self.held(e, holder, name), False
            case ast.Name(id=name):
                found = self.known(name)
                if found is None:
                    raise self.wrong(e, f"'{name}' is not known here")
                return found
            case _:
                raise self.wrong(e, "only numbers, names and HOLDER.NAME have a counterpart in a kernel")

    def operation(self, e: ast.expr) -> tuple[str, bool]:
        """Return C for an operation on two expressions."""
        match e:
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
                    raise self.wrong(e, "write the value: two numbers would be combined in another precision in C than in NumPy")
                return f"({self.real(left)} {_BINARY[type(op)]} {self.real(right)})", False
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _LOGIC:
                return f"({self.condition(left)} {_LOGIC[type(op)]} {self.condition(right)})", True
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return f"({self.real(left)} {_COMPARE[type(op)]} {self.real(right)})", True
            case _:
                raise self.wrong(e, "this expression has no counterpart in a kernel")

    def call(self, e: ast.Call, name: str, arguments: list[ast.expr]) -> str:
        """Return C for a call."""
        available = self.available()
        if name == "where" and len(arguments) == 3:
            return f"{self.built_in(name)}({self.condition(arguments[0])}, {self.real(arguments[1])}, {self.real(arguments[2])})"
        if available.get(name) == len(arguments):
            return f"{self.built_in(name)}({', '.join(self.real(a) for a in arguments)})"
        if name in self.functions and len(arguments) == len(self.functions[name].args.args):
            return self.own(e, name, arguments)
        raise self.wrong(e, f"there is no function '{name}' of {len(arguments)} arguments; known are where, {', '.join(available)} and "
                         "those of the file")

    def real(self, e: ast.expr) -> str:
        """Return C for a number, and refuse a condition."""
        code, is_mask = self.expression(e)
        if is_mask:
            raise self.wrong(e, "a condition stands where a number is needed; use where()")
        return code

    def condition(self, e: ast.expr) -> str:
        """Return C for a condition, and refuse a number."""
        code, is_mask = self.expression(e)
        if not is_mask:
            raise self.wrong(e, "a number stands where a condition is needed; compare it with something")
        return code

    def wrong(self, node: ast.AST, why: str) -> NotTranslatable:
        """Return what to raise about a place in the file."""
        return NotTranslatable(f"{self.path}:{getattr(node, 'lineno', 1)}: {why}")


def functions_of(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """Return the functions of a file by name."""
    return {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}


def as_load(target: ast.expr) -> ast.expr:
    """Return what is assigned to as something that is read."""
    match target:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), target)
        case ast.Attribute(value=value, attr=name):
            return ast.copy_location(ast.Attribute(value, name, ast.Load()), target)
        case _:
            return target


def augmented(statement: ast.AugAssign) -> ast.expr:
    """Return ``a op b`` for ``a op= b``."""
    return ast.copy_location(ast.BinOp(as_load(statement.target), statement.op, statement.value), statement)

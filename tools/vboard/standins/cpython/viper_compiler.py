"""`@micropython.viper` under CPython: the function is translated once into plain Python with the ESP32's 32-bit words.

Types follow MicroPython's native emitter: they are known when the function is made, a local keeps the type of its first
assignment, a result has the type of its left side, int and uint are not compared, and what the emitter refuses raises
ViperTypeError here too, when the module is imported. viper_expressions.py holds the rules of single expressions.
Source: py/emitnative.c, py/compile.c and docs/reference/speed_python.rst of MicroPython 1.29 (read).
"""

import ast
import inspect
import textwrap

import viper_values
from viper_expressions import NATIVE, WORDS, Expressions, call, constant
from viper_values import ViperTypeError

_NAMES = ("to_int", "to_uint", "to_bool", "to_pointer", "to_moved", "below", "count")
_VALUES = {"_" + name: getattr(viper_values, name) for name in _NAMES}
_FACTORY = "_viper_factory"
_of_file = {}


def translate(function):
    """The same function with 32-bit words. Raises ViperTypeError, NotImplementedError for what the stand-in does not know."""
    if function.__closure__:
        raise NotImplementedError("viper functions with closures")
    if function.__defaults__ or function.__kwdefaults__:
        raise ViperTypeError("viper functions take no default values")
    file = inspect.getsourcefile(function)
    lines, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)  # so that tracebacks and coverage show the true lines
    definition = tree.body[0]
    _Function(definition, constants_of(file)).rewrite()
    factory = ast.parse(f"def {_FACTORY}({', '.join(_VALUES)}): pass").body[0]
    factory.body = [definition, ast.Return(ast.Name(definition.name, ast.Load()))]
    tree.body = [factory]
    made = {}
    exec(compile(ast.fix_missing_locations(tree), file, "exec"), function.__globals__, made)
    result = made[_FACTORY](**_VALUES)
    result.__qualname__, result.__wrapped__ = function.__qualname__, function
    return result


def constants_of(file):
    """{name: value} of `NAME = const(...)` at the top level of a module: MicroPython puts these into the code as numbers."""
    if file not in _of_file:
        with open(file, encoding="utf-8") as source:
            statements = ast.parse(source.read()).body
        _of_file[file] = found = {}
        for statement in statements:
            if _is_const(statement):
                value = Expressions({}, set(), found).folded(statement.value.args[0])
                if value is not None:
                    found[statement.targets[0].id] = value
    return _of_file[file]


def _is_const(statement):
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and statement.value.func.id == "const"
    )


def _type_of(annotation):
    """The native type that an annotation names; without one it is an object."""
    if annotation is None:
        return "object"
    name = getattr(annotation, "id", None)
    if name not in NATIVE and name != "object":
        raise ViperTypeError(f"unknown type {ast.unparse(annotation)!r}")
    return name


class _Function:
    def __init__(self, definition, constants):
        self._node = definition
        self._types = {}
        stored = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        arguments = {argument.arg for argument in definition.args.args}
        self._expressions = Expressions(self._types, stored | arguments, constants)

    def rewrite(self):
        """Arguments are converted at the entry; annotations and the decorator have done their work."""
        node = self._node
        entry = []
        for argument in node.args.args:
            kind = self._types[argument.arg] = _type_of(argument.annotation)
            argument.annotation = None
            if kind != "object":
                converted = self._expressions.converted(ast.Name(argument.arg, ast.Load()), kind)
                entry.append(ast.Assign([ast.Name(argument.arg, ast.Store())], converted, lineno=node.lineno))
        self._returns = _type_of(node.returns)
        node.returns, node.decorator_list = None, []
        node.body = entry + self._block(node.body)
        if self._returns != "object":
            node.body.append(ast.Return(constant(0)))  # what the registers of the board hold is not known; the emitter returns 0

    def _block(self, statements):
        return [new for statement in statements for new in self._statement(statement)]

    def _statement(self, node):
        rule = getattr(self, "_" + type(node).__name__.lower(), None)
        if rule is None:
            raise NotImplementedError(f"line {node.lineno}: {type(node).__name__} in a viper function")
        made = rule(node)
        return [ast.copy_location(new, node) for new in (made if isinstance(made, list) else [made])]

    def _pass(self, node):
        return node

    _break = _continue = _global = _pass

    def _expr(self, node):
        return node if isinstance(node.value, ast.Constant) else ast.Expr(self._expressions.exact(node.value)[0])

    def _raise(self, node):
        return ast.Raise(self._expressions.as_object(node.exc), None)

    def _return(self, node):
        if node.value is None:
            return ast.Return(constant(0 if self._returns != "object" else None))
        value, kind = self._expressions.exact(node.value)
        if kind == "none":
            return ast.Return(constant(0 if self._returns != "object" else None))
        if kind != self._returns:
            raise ViperTypeError(f"line {node.lineno}: return expected {self._returns!r} but got {kind!r}")
        return ast.Return(call("_to_bool", value) if kind == "bool" else value)

    def _if(self, node):
        return ast.If(self._expressions.condition(node.test), self._block(node.body), self._block(node.orelse))

    def _while(self, node):
        return ast.While(self._expressions.condition(node.test), self._block(node.body), self._block(node.orelse))

    def _for(self, node):
        counted = isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", None) == "range"
        if counted:
            kind, sequence = self._range(node.iter)
        else:
            kind, sequence = "object", self._expressions.as_object(node.iter)
        self._bind(node.target, kind)
        return ast.For(node.target, sequence, self._block(node.body), self._block(node.orelse))

    def _range(self, node):
        """The loop that MicroPython counts in a register: words of one type, a step known beforehand."""
        if len(node.args) == 3 and self._expressions.folded(node.args[2]) is None:
            raise NotImplementedError(f"line {node.lineno}: range with a step that is no constant")
        made = [self._expressions.exact(argument) for argument in node.args]
        kinds = {kind for _, kind in made[:2]} | ({"int"} if len(made) == 1 else set())
        if len(kinds) != 1 or not kinds <= set(WORDS):
            raise ViperTypeError(f"line {node.lineno}: range over {sorted(kinds)}")
        return made[0][1], ast.Call(ast.Name("range", ast.Load()), [value for value, _ in made], [])

    def _assign(self, node):
        target = node.targets[0]
        if len(node.targets) > 1:
            first = ast.copy_location(ast.Name(node.targets[-1].id, ast.Load()), node)
            chain = [ast.Assign([node.targets[-1]], node.value), *(ast.Assign([other], first) for other in node.targets[:-1])]
            return [new for one in chain for new in self._statement(ast.copy_location(one, node))]
        if isinstance(target, ast.Tuple):
            return self._assign_tuple(node)
        if isinstance(target, ast.Subscript):
            return ast.Assign(*self._expressions.stored(target, node.value))
        if isinstance(target, ast.Attribute):
            target.value = self._expressions.as_object(target.value)
            return ast.Assign([target], self._expressions.as_object(node.value))
        value, kind = self._expressions.exact(node.value)
        self._bind(target, kind)
        return ast.Assign([target], value)

    def _assign_tuple(self, node):
        targets, values = node.targets[0].elts, getattr(node.value, "elts", None)
        if values is None or len(values) != len(targets) or len(values) > 3:
            raise NotImplementedError(f"line {node.lineno}: only two or three values change places")
        made = [self._expressions.exact(value) for value in values]
        for target, (_, kind) in zip(targets, made, strict=True):
            self._bind(target, kind)
        return ast.Assign([node.targets[0]], ast.Tuple([value for value, _ in made], ast.Load()))

    def _augassign(self, node):
        loaded = ast.parse(ast.unparse(node.target), mode="eval").body
        for part in ast.walk(loaded):
            ast.copy_location(part, node.target)
        return self._assign(ast.copy_location(ast.Assign([node.target], ast.BinOp(loaded, node.op, node.value)), node))

    def _bind(self, target, kind):
        if not isinstance(target, ast.Name):
            raise NotImplementedError(f"line {target.lineno}: assignment to {ast.unparse(target)}")
        known = self._types.setdefault(target.id, kind)
        if known != kind:
            raise ViperTypeError(f"line {target.lineno}: local {target.id!r} has type {known!r} but source is {kind!r}")

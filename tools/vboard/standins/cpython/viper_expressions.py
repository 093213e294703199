"""The types of MicroPython's native emitter, expression by expression, and Python that gives the same on 32-bit words.

Sums, products and masks are cut to 32 bits only where the value goes somewhere else than into the next sum: the result is the
same. Numbers beyond the board's small integers (31 bits) are objects, as `mpy-cross -march=xtensawin` has it.
"""

import ast
import operator

from viper_values import ViperTypeError

WORDS = ("int", "uint")
POINTERS = ("ptr8", "ptr16", "ptr32")
NATIVE = (*WORDS, "bool", *POINTERS)
_SMALL = 1 << 30  # small integers of a 32-bit board: -_SMALL .. _SMALL - 1
_SIGN, _WORD = 1 << 31, (1 << 32) - 1
_RING = (ast.Add, ast.Sub, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
_FOLDS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
          ast.Mod: operator.mod, ast.LShift: operator.lshift, ast.RShift: operator.rshift, ast.BitAnd: operator.and_,
          ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.Pow: operator.pow,
          ast.USub: operator.neg, ast.Invert: operator.invert, ast.UAdd: operator.pos}  # fmt: skip


def constant(value):
    return ast.Constant(value)


def call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _operation(left, kind, right):
    return ast.BinOp(left, kind(), right)


def cut(node, kind):
    """The same value as a 32-bit word."""
    if kind == "uint":
        return _operation(node, ast.BitAnd, constant(_WORD))
    shifted = _operation(_operation(node, ast.Add, constant(_SIGN)), ast.BitAnd, constant(_WORD))
    return _operation(shifted, ast.Sub, constant(_SIGN))


class Expressions:
    """types: {local: type}, filled as the function's statements are read; names: all locals; constants: the module's."""

    def __init__(self, types, names, constants):
        self._types = types
        self._names = names
        self._constants = constants

    def folded(self, node):
        """The integer that the compiler knows already, or None."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.Name) and node.id not in self._names:
            return self._constants.get(node.id)
        if isinstance(node, ast.UnaryOp) and type(node.op) in _FOLDS:
            inner = self.folded(node.operand)
            return None if inner is None else _FOLDS[type(node.op)](inner)
        if isinstance(node, ast.BinOp) and type(node.op) in _FOLDS:
            left, right = self.folded(node.left), self.folded(node.right)
            return None if left is None or right is None else _FOLDS[type(node.op)](left, right)
        return None

    def exact(self, node):
        """(Python expression, type), the value of a word within its 32 bits."""
        made, kind, whole = self._loose(node)
        return (made if whole else cut(made, kind)), kind

    def as_object(self, node):
        return self.exact(node)[0]

    def _loose(self, node):
        """(Python expression, type, whether its value surely lies within the word)."""
        known = self.folded(node)
        if known is not None:
            return constant(known), ("int" if -_SMALL <= known < _SMALL else "object"), True
        rule = getattr(self, "_" + type(node).__name__.lower(), None)
        if rule is None:
            raise NotImplementedError(f"line {node.lineno}: {type(node).__name__} in a viper function")
        return rule(node)

    def _constant(self, node):
        kind = "none" if node.value is None else "bool" if isinstance(node.value, bool) else "object"
        return node, kind, True

    def _name(self, node):
        if node.id not in self._names:
            return node, "object", True
        if node.id not in self._types:
            raise ViperTypeError(f"line {node.lineno}: local {node.id!r} used before type known")
        return node, self._types[node.id], True

    def _attribute(self, node):
        value, kind = self.exact(node.value)
        if kind != "object":
            raise ViperTypeError(f"line {node.lineno}: attribute of {kind!r}")
        return ast.Attribute(value, node.attr, ast.Load()), "object", True

    def _tuple(self, node):
        return type(node)([self.as_object(one) for one in node.elts], ast.Load()), "object", True

    _list = _tuple

    def _binop(self, node):
        left, left_kind, left_whole = self._loose(node.left)
        right, right_kind, right_whole = self._loose(node.right)
        if left_kind == right_kind == "object":
            return ast.BinOp(left, node.op, right), "object", True
        if left_kind not in WORDS or right_kind not in WORDS:
            raise ViperTypeError(f"line {node.lineno}: can't do binary op between {left_kind!r} and {right_kind!r}")
        if isinstance(node.op, _RING):
            bits = isinstance(node.op, (ast.BitAnd, ast.BitOr, ast.BitXor))
            whole = bits and left_whole and right_whole and left_kind == right_kind
            return ast.BinOp(left, node.op, right), left_kind, whole
        if isinstance(node.op, (ast.LShift, ast.RShift)):
            return self._shift(node, left if left_whole or isinstance(node.op, ast.LShift) else cut(left, left_kind), left_kind)
        if not isinstance(node.op, (ast.FloorDiv, ast.Mod)):
            raise ViperTypeError(f"line {node.lineno}: binary op {type(node.op).__name__} not implemented")
        if left_kind == "uint":
            raise ViperTypeError(f"line {node.lineno}: div/mod not implemented for uint")
        left, right = (left if left_whole else cut(left, "int")), (right if right_whole else cut(right, right_kind))
        return ast.BinOp(left, node.op, right), "int", False

    def _shift(self, node, left, kind):
        known = self.folded(node.right)
        if known is not None and not 0 <= known <= 31:
            raise ValueError(f"line {node.lineno}: shift by {known}")
        by = constant(known) if known is not None else call("_count", self.exact(node.right)[0])
        return ast.BinOp(left, node.op, by), kind, isinstance(node.op, ast.RShift)

    def _unaryop(self, node):
        value, kind, whole = self._loose(node.operand)
        if kind == "object":
            return ast.UnaryOp(node.op, value), "object", True
        if kind not in WORDS or isinstance(node.op, ast.Not):
            raise ViperTypeError(f"line {node.lineno}: can't do unary op of {kind!r}")
        stays = whole and (isinstance(node.op, ast.UAdd) or (isinstance(node.op, ast.Invert) and kind == "int"))
        return ast.UnaryOp(node.op, value), kind, stays

    def _compare(self, node):
        sides = [self.exact(one) for one in (node.left, *node.comparators)]
        kinds = {kind for _, kind in sides}
        if len(kinds) > 1 and kinds <= set(WORDS):
            raise ViperTypeError(f"line {node.lineno}: comparison of int and uint")
        if kinds - {"none", "object"} and (len(kinds) > 1 or kinds - set(WORDS)):
            raise ViperTypeError(f"line {node.lineno}: can't compare {sorted(kinds)}")
        kind = "bool" if kinds <= set(WORDS) else "object"
        return ast.Compare(sides[0][0], node.ops, [side for side, _ in sides[1:]]), kind, True

    def _boolop(self, node):
        sides = [self.exact(one) for one in node.values]
        if len({kind for _, kind in sides}) > 1:
            raise ViperTypeError(f"line {node.lineno}: {ast.unparse(node)!r} mixes types")
        return ast.BoolOp(node.op, [side for side, _ in sides]), sides[0][1], True

    def _ifexp(self, node):
        (one, kind), (other, other_kind) = self.exact(node.body), self.exact(node.orelse)
        if kind != other_kind:
            raise ViperTypeError(f"line {node.lineno}: {ast.unparse(node)!r} mixes types")
        return ast.IfExp(self.condition(node.test), one, other), kind, True

    def condition(self, node):
        """What `if` and `while` test; `not` is a jump there, as an operator on words it does not exist."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ast.UnaryOp(ast.Not(), self.condition(node.operand))
        if isinstance(node, ast.BoolOp):
            return ast.BoolOp(node.op, [self.condition(one) for one in node.values])
        value, kind = self.exact(node)
        if kind in POINTERS:
            raise ViperTypeError(f"line {node.lineno}: can't implicitly convert {kind!r} to 'bool'")
        return value

    def _call(self, node):
        name = node.func.id if isinstance(node.func, ast.Name) and node.func.id not in self._names else None
        if name in NATIVE and len(node.args) == 1 and not node.keywords:
            return self._cast(node, name)
        function = self.as_object(node.func)
        keywords = [ast.keyword(one.arg, self.as_object(one.value)) for one in node.keywords]
        return ast.Call(function, [self.as_object(one) for one in node.args], keywords), "object", True

    def _cast(self, node, to):
        if to in POINTERS and self._is_address(node.args[0]):
            return self._moved(node.args[0], to), to, True
        value, kind = self.exact(node.args[0])
        if kind == "object":
            return self.converted(value, to), to, True
        if (kind in POINTERS) != (to in POINTERS):
            raise NotImplementedError(f"line {node.lineno}: arithmetic with addresses, {kind} to {to}")
        if to in POINTERS:
            return self.converted(value, to), to, True
        plain = ast.UnaryOp(ast.UAdd(), value) if kind == "bool" else value
        return plain, to, kind == to or to == "bool" or kind == "bool"

    @staticmethod
    def _is_address(node):
        """The `int(p) + bytes` of `ptr32(int(p) + bytes)`: the one arithmetic with addresses that is known here."""
        made = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and node.left
        return isinstance(made, ast.Call) and getattr(made.func, "id", None) in WORDS

    def _moved(self, node, to):
        pointer, kind = self.exact(node.left.args[0])
        distance, distance_kind = self.exact(node.right)
        if kind not in POINTERS or distance_kind not in WORDS:
            raise NotImplementedError(f"line {node.lineno}: a pointer moved by bytes wanted, got {kind} and {distance_kind}")
        return call("_to_moved", pointer, distance, constant(to))

    def converted(self, value, kind):
        """An object as a native value."""
        if kind in POINTERS:
            return call("_to_pointer", value, constant(kind))
        return call("_to_" + kind, value)

    def _subscript(self, node):
        base, kind = self.exact(node.value)
        if kind == "object":
            return ast.Subscript(base, self._key(node.slice), ast.Load()), "object", True
        if kind not in POINTERS:
            raise ViperTypeError(f"line {node.lineno}: can't load from {kind!r}")
        return ast.Subscript(base, self._index(node.slice), ast.Load()), "int", True

    def _key(self, node):
        if isinstance(node, ast.Slice):
            return ast.Slice(*(part and self.as_object(part) for part in (node.lower, node.upper, node.step)))
        return self.as_object(node)

    def _index(self, node):
        """An index; one below zero is stopped, as Python would take the buffer's end and the board what lies before it."""
        value, kind = self.exact(node)
        if kind not in WORDS:
            raise ViperTypeError(f"line {node.lineno}: can't load or store with {kind!r} index")
        known = self.folded(node)
        if kind == "uint" or (known is not None and known >= 0):
            return value
        held = ast.NamedExpr(ast.Name("_index", ast.Store()), value)
        again = ast.Name("_index", ast.Load())
        return ast.IfExp(ast.Compare(held, [ast.GtE()], [constant(0)]), again, call("_below"))

    def stored(self, target, node):
        """([target], value) of an assignment to an element."""
        base, kind = self.exact(target.value)
        if kind == "object":
            return [ast.Subscript(base, self._key(target.slice), ast.Store())], self.as_object(node)
        if kind not in POINTERS:
            raise ViperTypeError(f"line {target.lineno}: can't store to {kind!r}")
        value, value_kind, _ = self._loose(node)
        if value_kind not in (*WORDS, "bool"):
            raise ViperTypeError(f"line {target.lineno}: can't store {value_kind!r}")
        if kind == "ptr32":
            value = cut(value, "int")
        else:
            value = _operation(value, ast.BitAnd, constant(0xFF if kind == "ptr8" else 0xFFFF))
        return [ast.Subscript(base, self._index(target.slice), ast.Store())], value

"""Shorter names for the arguments of a unit's functions, put in when its modules are compiled.

MicroPython keeps every name that a module mentions in one table in the heap, and that table doubles when it is full. Names of
local variables are not in it, names of arguments are, though only a call by keyword needs them: about 200 of 2,300 in this
unit. So arguments that nobody passes by keyword are called a, b, c ... Lines stay where they are and a traceback shows no
arguments: it reads as before.
"""

import ast
import string

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LETTERS = string.ascii_letters
_KEPT = ("self", "cls", "_")  # part of every MicroPython, or short already


def keywords(texts):
    """Names that may be passed by keyword somewhere: keywords of calls, and short texts, which `**` could turn into some."""
    found = set()
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.keyword):
                found.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                found.add(node.value)
    return found


def shortened(text, keep):
    """`text` of a module with shorter names for arguments; those of `keep` and of native code stay."""
    changes = []
    for node in _outermost(ast.parse(text)):
        if not _is_delicate(node):
            _rename(node, {}, _taken(node), keep, changes)
    return changed(text, changes)


def _outermost(node):
    """Functions that are in no other function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTIONS):
            yield child
        else:
            yield from _outermost(child)


def _taken(function):
    """Every name that stands for something in the function: variables, arguments, caught errors, functions inside."""
    found = set()
    for node in ast.walk(function):
        found |= {getattr(node, field, None) for field in ("id", "arg", "name")}
    return found


def _is_delicate(function):
    """Where a name means more than a variable: native code, classes and imports inside, f-strings (no places known)."""
    for node in ast.walk(function):
        if isinstance(node, (ast.ClassDef, ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Global, ast.Nonlocal)):
            return True
        if any("micropython" in ast.dump(decorator) for decorator in getattr(node, "decorator_list", ())):
            return True
    return False


def _arguments(function):
    args = function.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]


def _rename(function, names, taken, keep, changes):
    """`names`: {old: new} of the functions around. Collects (line, column, old, new)."""
    own = _arguments(function)
    caught = {node.name for node in ast.walk(function) if isinstance(node, ast.ExceptHandler)}
    names = {old: new for old, new in names.items() if old not in {arg.arg for arg in own}}
    free = (letter for letter in _LETTERS if letter not in taken and letter not in names.values())
    for arg in own:
        new = next(free, None)
        if new and arg.arg not in keep and arg.arg not in _KEPT and arg.arg not in caught and len(arg.arg) > 1:
            names[arg.arg] = new
            changes.append((arg.lineno, arg.col_offset, arg.arg, new))
    body = function.body if isinstance(function.body, list) else [function.body]
    for statement in body:
        _walk(statement, names, taken, keep, changes)


def _walk(node, names, taken, keep, changes):
    if isinstance(node, ast.Name) and node.id in names:
        changes.append((node.lineno, node.col_offset, node.id, names[node.id]))
    if not isinstance(node, _FUNCTIONS):
        for child in ast.iter_child_nodes(node):
            _walk(child, names, taken, keep, changes)
        return
    around = [*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", ())]
    for expression in around:  # these are worked out outside the function
        _walk(expression, names, taken, keep, changes)
    _rename(node, names, taken, keep, changes)


def changed(text, changes):
    """`text` with other names at their places: [(line, column in bytes, old, new)]. Raises ValueError for a wrong place."""
    lines = text.encode().split(b"\n")  # ast counts columns in bytes
    for line, column, old, new in sorted(set(changes), reverse=True):
        before, end = lines[line - 1], column + len(old.encode())
        if before[column:end] != old.encode():
            raise ValueError(f"line {line}: {old} is not at column {column}")
        lines[line - 1] = before[:column] + new.encode() + before[end:]
    return b"\n".join(lines).decode()

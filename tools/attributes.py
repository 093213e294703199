"""Shorter names for the private data of a unit's objects, put in when its modules are compiled.

`self._radio` is a name in MicroPython's table in the heap, as is each argument (tools/arguments.py, which says why that matters).
Only its own class uses it, so the classes can share names: `_a`, `_b`, `_c` ... for data. Functions keep theirs, so that a
traceback reads as before, unless the modules are joined: there a tool has to read it anyway (tools/joining). A name has one
short name everywhere, and no two names of one class, or of classes that inherit from one another, have the same.
"""

import ast
import re
import string

from tools.arguments import changed

_DEF = re.compile(rb"(async\s+)?def\s+")
_LETTERS = ["_" + letter for letter in string.ascii_letters]


def mentioned(texts):
    """Private names that these texts use: of objects that are not theirs, most likely."""
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr.startswith("_")}


def short_names(texts, keep=(), functions=False):
    """{name: shorter name} for data that all of `texts` reach through `self` alone, less those of `keep`. `functions`: for
    functions of classes as well."""
    names, fixed, relations = {}, set(keep), {}
    for text in texts:
        tree = ast.parse(text)
        own = _own(tree, names, relations, functions)
        for node in ast.walk(tree):
            if node not in own:
                fixed |= _names(node)
    return _coloured({name: _families(classes, relations) for name, classes in names.items() if name not in fixed}, fixed)


def shortened(text, names):
    """`text` of a module with the short names."""
    tree = ast.parse(text)
    changes = []
    lines = text.encode().split(b"\n")
    for node in _own(tree, {}, {}, True):
        if isinstance(node, ast.Attribute) and node.attr in names:
            changes.append((node.end_lineno, node.end_col_offset - len(node.attr.encode()), node.attr, names[node.attr]))
        elif not isinstance(node, ast.Attribute) and node.name in names:
            begin = _DEF.match(lines[node.lineno - 1], node.col_offset).end()
            changes.append((node.lineno, begin, node.name, names[node.name]))
    return changed(text, changes)


def _own(tree, names, relations, functions):
    """The nodes `self._x` inside classes, and with `functions` those of `def _x` in them. Adds to `names`, {"_x": {class}}, and
    to `relations`, {class: {what it inherits}}."""
    found = set()
    for cls in ast.walk(tree):
        if not isinstance(cls, ast.ClassDef):
            continue
        relations.setdefault(cls.name, set()).update(*(_names(base) for base in cls.bases))
        quoted = {part for node in ast.walk(cls) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        for node in ast.walk(cls):  # in an f-string a node's place is not known
            if isinstance(node, ast.Attribute) and _is_self(node.value) and _is_private(node.attr) and node not in quoted:
                found.add(node)
                names.setdefault(node.attr, set()).add(cls.name)
        for node in cls.body if functions else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_private(node.name):
                found.add(node)
                names.setdefault(node.name, set()).add(cls.name)
    return found


def _is_self(node):
    return isinstance(node, ast.Name) and node.id == "self"


def _is_private(name):
    return name.startswith("_") and not name.startswith("__") and len(name) > 2


def _names(node):
    """What a node calls by name, also in a text: getattr() could."""
    named = {getattr(node, field, None) for field in ("id", "arg", "name", "asname", "attr")}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        named.add(node.value)
    return {name for name in named if isinstance(name, str)}


def _families(classes, relations):
    """The classes with all that they are related to by inheritance, up, down and sideways."""
    found, new = set(), set(classes)
    while new:
        found |= new
        around = {name for cls in new for name in relations.get(cls, ())}
        around |= {name for name, bases in relations.items() if bases & new}
        new = around - found
    return found


def _coloured(families, fixed):
    """A letter for each name, another one where two names share a class; none for a name that finds no free one."""
    taken, chosen = {}, {}
    for name in sorted(families, key=lambda name: (-len(families[name]), name)):
        used = {letter for cls in families[name] for letter in taken.get(cls, ())} | fixed | set(families)
        letter = next((letter for letter in _LETTERS if letter not in used), None)
        if letter:
            chosen[name] = letter
            for cls in families[name]:
                taken.setdefault(cls, set()).add(letter)
    return chosen

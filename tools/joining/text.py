"""A module's text with names as tools/joining/names.py chose them, line for line: what was on line 88 stays on line 88 of it."""

import ast
import re


def rewritten(module, text, names, group=None, seen=None):
    """`text` of `module` as a part of the joined module `group`, or, with None, of a module that imports from joined ones.

    `seen`: import statements that the joined module has already; grows. Raises JoinError for what cannot be rewritten.
    """
    edits = Edits(module, text)
    dotted = list(names.attributes(module))
    roots = {id(node.value) for node, _ in dotted}
    for node, scope in dotted:
        _attribute(module, node, scope, names, group, edits)
    for node, name, scope in module.uses:
        key = names.key(module, scope, name)
        if key and id(node) not in roots:
            _check(module, node, name, key, names)
            if group:
                edits.name(node, name, names.written(group, key))
    for node, scope in module.imports:
        edits.put(node, _import(module, node, scope, names, group, seen))
    if group:
        for node, scope in module.declared:
            keys = [names.key(module, scope, name) for name in node.names]
            edits.put(node, "global " + ", ".join(names.spelled(group, key) for key in keys))
        for key, (value, is_written) in names.constants[group.name].items():
            if key[1] == module.name and not is_written:
                edits.wrap(value, "const(", ")")
    return edits.text()


def _check(module, node, name, key, names):
    if key[0] == "module" and names.home(key):
        module.fail(node, f"the module {name} as an object")
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and key[:2] != ("own", module.name):
        module.fail(node, f"{name} is imported and set as well")


def _attribute(module, node, scope, names, group, edits):
    """`clock.add`, of a module `clock` of ours."""
    of = names.key(module, scope, node.value.id)
    key = names.final(("own", of[1], node.attr), module)
    if not isinstance(node.ctx, ast.Load):
        module.fail(node, f"{node.value.id}.{node.attr} is set from outside")
    if names.home(of) is None:
        if group:
            edits.name(node.value, node.value.id, names.written(group, of))
    elif group:
        edits.put(node, names.written(group, key))
    elif names.home(key) is not names.home(of):
        module.fail(node, f"{node.value.id}.{node.attr} is of another module; import it from there")
    else:
        edits.put(node, f"{node.value.id}.{names.face(key)}")


def _import(module, statement, scope, names, group, seen):
    """What stands in place of an import statement; an unchanged one in a function stays as it is."""
    parts = [_one(module, statement, alias, scope, names, group) for alias in statement.names]
    if all(part == "" for part in parts):
        return None
    parts = [part or ast.unparse(_single(statement, alias)) for part, alias in zip(parts, statement.names, strict=True)]
    if group and statement in module.tree.body:
        parts = [part for part in parts if part not in seen]
        seen.update(parts)
    return "; ".join(part for part in dict.fromkeys(parts) if part != "pass") or "pass"


def _one(module, statement, alias, scope, names, group):
    """The statement for one name; `pass` for none, "" if it stays as it is."""
    bound = alias.asname or alias.name.split(".")[0]
    key = names.key(module, scope, bound)
    if key is None:  # in a function, of what is not joined; or `const`, which the compiler needs no import for
        return "pass" if group and scope.kind == "module" else ""
    home = names.home(key)
    if group:
        if home:
            return "pass"
        spelled = names.spelled(group, key)
        if isinstance(statement, ast.Import) and not alias.asname and spelled != bound:
            module.fail(statement, f"import {alias.name} needs `as`: {bound} means something else as well")
        return ast.unparse(_single(statement, alias, spelled))
    if home is None:
        return ""
    if key[0] == "module":
        package, leaf = home.name.rsplit(".", 1)
        return f"from {package} import {leaf} as {bound}"
    face = names.face(key)
    return f"from {home.name} import {face}" + ("" if face == bound else f" as {bound}")


def _single(statement, alias, name=None):
    """`from a import b as name`, or the statement for one name as it was."""
    bound = name or alias.asname
    one = ast.alias(alias.name, None if bound == alias.name.split(".")[0] else bound)
    if isinstance(statement, ast.Import):
        return ast.Import([one])
    return ast.ImportFrom(statement.module, [one], statement.level)


class Edits:
    """Changes to a text, put in at the end so that places stay what they are meanwhile. Columns are of bytes, as ast counts."""

    def __init__(self, module, text):
        self._module = module
        self._lines = text.encode().split(b"\n")
        self._changes = []  # (line, column, end line, end column, new)

    def put(self, node, new):
        if new is not None:
            self._changes.append((node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, new))

    def wrap(self, node, before, after):
        self._changes.append((node.lineno, node.col_offset, node.lineno, node.col_offset, before))
        self._changes.append((node.end_lineno, node.end_col_offset, node.end_lineno, node.end_col_offset, after))

    def name(self, node, old, new):
        if new == old:
            return
        line, column = node.lineno, node.col_offset
        if not isinstance(node, ast.Name):  # `def old` or `class old`
            found = re.compile(rb"(async\s+def|def|class)\s+").match(self._lines[line - 1], column)
            column = found.end()
        end = column + len(old.encode())
        if self._lines[line - 1][column:end] != old.encode():
            self._module.fail(node, f"{old} is not at column {column}")
        self._changes.append((line, column, line, end, new))

    def text(self):
        for line, column, end_line, end_column, new in sorted(self._changes, reverse=True):
            before, after = self._lines[line - 1][:column], self._lines[end_line - 1][end_column:]
            lines = [before + new.encode(), *[b""] * (end_line - line)]
            lines[-1] += after
            self._lines[line - 1 : end_line] = lines
        return b"\n".join(self._lines).decode()

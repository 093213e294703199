"""What each name in a module stands for: something of the module itself, or a variable of a function or a class.

For tools/joining, which gives names of modules other names. Knows the Python that a unit's firmware is written in; what cannot
be told apart for certain raises JoinError.
"""

import ast

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)


class JoinError(Exception):
    """What cannot be joined, by file and line."""


class Scope:
    """`kind`: module, class or function (also lambda, comprehension); `names`: bound in it; `outer`: declared `global`."""

    def __init__(self, kind, parent, names=(), outer=()):
        self.kind, self.parent, self.outer = kind, parent, set(outer)
        self.names = set(names) - self.outer

    def owner(self, name):
        """The scope that `name` belongs to as seen from here; the module's if it is bound nowhere (a builtin)."""
        scope = self
        while scope.kind != "module":
            if name in scope.outer:
                return scope.top()
            if name in scope.names and (scope is self or scope.kind == "function"):
                return scope
            scope = scope.parent
        return scope

    def top(self):
        return self if self.parent is None else self.parent.top()

    def hides(self, name):
        """True if `name` would mean a variable here, not something of the module."""
        return self.owner(name).kind != "module"


class Module:
    """A module's tree with its uses of names. `names`: bound at its top; `uses`: [(node, name, scope)] of all names, loaded, set
    or defined; `dotted`: [(node, scope)] of all `name.attribute`; `imports`, `declared`: [(statement, scope)] of imports and of
    `global`; `variables`: names bound in its functions; `once`: {name: value} set once, at the top; `words`: every identifier."""

    def __init__(self, name, text):
        self.name = name
        try:
            self.tree = ast.parse(text)
        except SyntaxError as error:
            raise JoinError(f"{name}:{error.lineno}: {error.msg}") from error
        self.uses, self.dotted, self.imports, self.declared, self.variables = [], [], [], [], set()
        self.words = {text for node in ast.walk(self.tree) for text in _texts(node)}
        declared = {name for node in ast.walk(self.tree) if isinstance(node, ast.Global) for name in node.names}
        self.top = Scope("module", None, _bound(self.tree.body) | declared)
        self.names = self.top.names
        for statement in self.tree.body:
            self._visit(statement, self.top)
        self.once = self._set_once(declared)

    def _set_once(self, declared):
        times = {}
        for node, name, scope in self.uses:
            if not _is_load(node) and not scope.hides(name):
                times[name] = times.get(name, 0) + 1
        plain = [node for node in self.tree.body if isinstance(node, ast.Assign) and len(node.targets) == 1]
        values = {node.targets[0].id: node.value for node in plain if isinstance(node.targets[0], ast.Name)}
        imported = {name for statement, _ in self.imports for name in _bound([statement])}
        return {name: value for name, value in values.items() if times[name] == 1 and name not in declared | imported}

    def unknown(self):
        """Names that are used and nowhere bound: builtins, if all is well."""
        return {name for _, name, scope in self.uses if not scope.hides(name) and name not in self.names}

    def fail(self, node, why):
        raise JoinError(f"{self.name}:{getattr(node, 'lineno', 0)}: {why}")

    def _visit(self, node, scope):
        if isinstance(node, FUNCTIONS):
            self._function(node, scope)
        elif isinstance(node, ast.ClassDef):
            self._class(node, scope)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node, scope)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports.append((node, scope))
        elif isinstance(node, ast.Global):
            self.declared.append((node, scope))
        elif isinstance(node, ast.JoinedStr):
            self.fail(node, "an f-string: places inside it are not known; use % instead")
        else:
            if isinstance(node, ast.Name):
                self._use(node, node.id, scope)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                self.dotted.append((node, scope))
            elif isinstance(node, ast.ExceptHandler) and node.name and not scope.hides(node.name):
                self.fail(node, f"`except ... as {node.name}` outside a function")
            for child in ast.iter_child_nodes(node):
                self._visit(child, scope)

    def _use(self, node, name, scope):
        self.uses.append((node, name, scope))
        if scope.kind == "class" and name in self.names and scope.owner(name) is scope and _is_load(node):
            self.fail(node, f"{name} is of the class or of the module, whichever comes first")

    def _function(self, node, scope):
        args = node.args
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
        notes = [*(arg.annotation for arg in every), getattr(node, "returns", None)]
        around = [*getattr(node, "decorator_list", ()), *args.defaults, *args.kw_defaults, *notes]
        for expression in filter(None, around):  # these are worked out outside the function
            self._visit(expression, scope)
        if not isinstance(node, ast.Lambda):
            self._use(node, node.name, scope)
        body = node.body if isinstance(node.body, list) else [node.body]
        outer = {name for inner in _inside(body) if isinstance(inner, ast.Global) for name in inner.names}
        shared = {name for inner in _inside(body) if isinstance(inner, ast.Nonlocal) for name in inner.names}
        names = {arg.arg for arg in every} | _bound(body) - shared
        self.variables |= names - outer
        inside = Scope("function", scope, names, outer)
        for statement in body:
            self._visit(statement, inside)

    def _class(self, node, scope):
        for expression in [*node.decorator_list, *node.bases, *node.keywords]:
            self._visit(expression, scope)
        self._use(node, node.name, scope)
        inside = Scope("class", scope, _bound(node.body))
        for statement in node.body:
            self._visit(statement, inside)

    def _comprehension(self, node, scope):
        first, *others = node.generators
        self._visit(first.iter, scope)
        inside = Scope("function", scope, {name for one in node.generators for name in _bound([one.target])})
        self.variables |= inside.names
        for expression in [first.target, *first.ifs, *others]:
            self._visit(expression, inside)
        for field in ("elt", "key", "value"):
            if hasattr(node, field):
                self._visit(getattr(node, field), inside)


def _is_load(node):
    return isinstance(getattr(node, "ctx", None), ast.Load)


def _inside(body):
    """All nodes of these statements but those of functions and classes inside; these themselves are among them."""
    for node in body:
        yield node
        if not isinstance(node, _SCOPES):
            yield from _inside(ast.iter_child_nodes(node))
        elif isinstance(node, _COMPREHENSIONS):
            yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))


def _bound(body):
    """Names that these statements give a meaning."""
    found = set()
    for node in _inside(body):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.NamedExpr):
            found.add(node.target.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or (
            isinstance(node, ast.ExceptHandler) and node.name
        ):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return found


def _texts(node):
    named = [getattr(node, field, None) for field in ("id", "arg", "name", "asname", "attr")]
    return [text for text in [*named, *getattr(node, "names", ())] if isinstance(text, str)]

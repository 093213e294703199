"""Which name each thing of a joined module has there: its own where that is free, else one with its module's name behind it.

For tools/joining. A thing is a key: ("own", module, name) for what one of our modules defines, ("module", name) for such a
module itself, ("from", module, name), ("import", module) and ("as", module) for what others bring.
"""

import ast
import builtins
import keyword

from tools.joining.scope import JoinError

_FREE = {*dir(builtins), *keyword.kwlist, "const", "micropython", "ptr8", "ptr16", "ptr32", "ptr", "uint"}
_CONST = ("from", "micropython", "const")  # the compiler knows it without an import
_FOLDED = (ast.Add, ast.Sub, ast.Mult, ast.LShift, ast.RShift, ast.BitOr, ast.BitAnd, ast.BitXor)


class Group:
    """A joined module. `members`: in the order in which they are executed."""

    def __init__(self, name, members):
        self.name, self.members = name, members
        self.leaf = name.split(".")[-1]


class Names:
    """What names mean in `modules`, {dotted name: Module}, and how the things are called in `groups`."""

    def __init__(self, modules, groups):
        self._modules = modules
        self.groups = groups
        self._home = {member: group for group in groups for member in group.members}
        self._bound = {name: self._bindings(module) for name, module in modules.items()}
        self._chosen = {group.name: {} for group in groups}
        self.constants = {group.name: {} for group in groups}  # {key: (node of its value, whether `const` is there)}
        wanted = self._wanted_outside()
        for group in groups:
            self._name_all(group, wanted)

    def _bindings(self, module):
        """{(scope, name): key} of all imports in a module."""
        found = {}
        for statement, scope in module.imports:
            for alias in statement.names:
                name = alias.asname or alias.name.split(".")[0]
                key = self._key(module, statement, alias)
                if found.setdefault((scope, name), key) != key:
                    module.fail(statement, f"{name} is imported as two things")
        return found

    def _key(self, module, statement, alias):
        if isinstance(statement, ast.Import):
            if alias.name in self._modules:
                module.fail(statement, f"import {alias.name}: write `from ... import ...`")
            return ("as", alias.name) if alias.asname else ("import", alias.name.split(".")[0])
        whole = f"{statement.module}.{alias.name}"
        if whole in self._modules:
            return ("module", whole)
        if alias.name == "*":
            module.fail(statement, "import *")
        if statement.module in self._modules:
            return ("own", statement.module, alias.name)
        return ("from", statement.module, alias.name)

    def home(self, key):
        """The group that a thing is in, or None."""
        return self._home.get(key[1]) if key and key[0] in ("own", "module") else None

    def key(self, module, scope, name):
        """What `name` means in `module` where `scope` sees it: a key, or None for a variable or a builtin."""
        owner = scope.owner(name)
        key = self._bound[module.name].get((owner, name))
        if key:
            key = self.final(key, module)
            return None if key == _CONST or (owner.kind != "module" and self.home(key) is None) else key
        return ("own", module.name, name) if owner.kind == "module" and name in module.names else None

    def final(self, key, module):
        """Through imports of imports to where the thing is made."""
        while key[0] == "own":
            source = self._modules[key[1]]
            further = self._bound[source.name].get((source.top, key[2]))
            if further is None:
                if key[2] not in source.names and self.home(key) is not None:  # else the import says so when it is run
                    raise JoinError(f"{module.name}: {key[1]} has no {key[2]}")
                return key
            key = further
        return key

    def spelled(self, group, key):
        """The name of a thing in a joined module."""
        return self._chosen[group.name][key]

    def others(self, group):
        """(module, its name) of each other joined module that `group` uses."""
        return [(key[1], name) for key, name in self._chosen[group.name].items() if key[0] == "group"]

    def face(self, key):
        """The name under which others import a thing of a joined module."""
        return self.spelled(self.home(key), key)

    def _wanted_outside(self):
        """Keys that modules outside their own group name."""
        found = set()
        for module in self._modules.values():
            for key in self.mentioned(module):
                if self.home(key) is not self._home.get(module.name):
                    found.add(key)
        return found

    def mentioned(self, module):
        """Keys of what a module takes from others of ours, also through a module: `clock.add`."""
        for key in self._bound[module.name].values():
            if key[0] == "own":
                yield self.final(key, module)
        for node, scope in self.attributes(module):
            yield self.final(("own", self.key(module, scope, node.value.id)[1], node.attr), module)

    def attributes(self, module):
        """(node, scope) of `clock.add`, where `clock` is one of our modules."""
        for node, scope in module.dotted:
            key = self.key(module, scope, node.value.id)
            if key and key[0] == "module" and key[1] in self._modules:
                yield node, scope

    # --- choosing

    def _name_all(self, group, wanted):
        members = [self._modules[name] for name in group.members]
        words = {word for module in members for word in module.words}
        variables = {name for module in members for name in module.variables}
        free = set(_FREE)
        for module in members:
            free |= {name for _, name, scope in module.uses if not scope.hides(name) and self.key(module, scope, name) is None}
        chosen, taken = self._chosen[group.name], set(free)
        for key in self._things(members, group):
            name = self._own_name(key)
            if key[0] == "own" and self.home(key) is group:
                value = self._constant(key)
                if value is not None:
                    self.constants[group.name][key] = value
                    if key not in wanted:
                        name = "_" + name.lstrip("_")
            is_free = name not in taken or key == ("import", "micropython")
            if not is_free or (name in variables and self._is_captured(key, name, members, group)):
                name = self._another(name, key, taken | words)
            taken.add(name)
            chosen[key] = name

    def _things(self, members, group):
        """Keys in the order in which they choose: what others bring first, as it is named at more places than one."""
        theirs, ours = [], []
        for module in members:
            bound = self._bound[module.name]
            named = [*(self.key(module, scope, name) for scope, name in bound), *self.mentioned(module)]
            theirs += [self._through(key, group) for key in named if key and self.home(key) is not group]
            ours += [("own", module.name, name) for name in sorted(module.names) if (module.top, name) not in bound]
        return dict.fromkeys([*theirs, *ours])

    def _through(self, key, group):
        """Things of another joined module are reached through it."""
        other = self.home(key)
        return key if other is None or other is group else ("group", other.name)

    def written(self, group, key):
        """How a thing is written in a joined module."""
        way = self._through(key, group)
        return self.spelled(group, way) + ("" if way == key else "." + self.face(key))

    def _own_name(self, key):
        return key[-1].split(".")[-1]

    def _another(self, name, key, taken):
        for tail in [key[1].split(".")[-1], *map(str, range(2, 999))]:
            other = f"{name}_{tail}"
            if other not in taken:
                return other
        raise JoinError(f"{name}: no other name for it")

    def _is_captured(self, key, name, members, group):
        """A variable of that name stands where the thing is named, or it is a constant, which takes no heed of variables."""
        if key in self.constants[group.name]:
            return True
        for module in members:
            for node, old, scope in [*module.uses, *((node, node.value.id, scope) for node, scope in module.dotted)]:
                if scope.hides(name) and self._meant(module, node, old, scope, group) == key:
                    return True
        return False

    def _meant(self, module, node, old, scope, group):
        key = self.key(module, scope, old)
        if key and key[0] == "module" and self.home(key) is not None and isinstance(node, ast.Attribute):
            key = self.final(("own", key[1], node.attr), module)
        return key and self._through(key, group)

    def _constant(self, key):
        """(node, is `const` there) of a value that the compiler can put in at each place: an integer or a text, set once."""
        module = self._modules[key[1]]
        if key[2] not in module.once:
            return None
        value = module.once[key[2]]
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const" and len(value.args) == 1:
            return (value, True)
        return (value, False) if self._is_folded(module, value) else None

    def _is_folded(self, module, value, alone=True):
        if isinstance(value, ast.Constant):
            return type(value.value) is int or (alone and type(value.value) is str)
        if isinstance(value, ast.BinOp) and isinstance(value.op, _FOLDED):
            return self._is_folded(module, value.left, False) and self._is_folded(module, value.right, False)
        return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) and self._is_folded(module, value.operand, False)

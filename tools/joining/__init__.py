"""Few modules out of many, put together when a unit's image is made: what runs for as long as the unit is one flat module.

A module costs heap in itself: an object, a table of its names with all that it imports, one of the names in its code, its path.
`firmware/resident` holds what every unit keeps, `firmware/spoken` what one that speaks keeps besides, `firmware/carried` what
one with more bearers than Wi-Fi does. All else stays a module of its own: what only the start needs and app.py lets go of, and
what is loaded on demand later (docs/rom.md).

    python -m tools.joining < LOG   # the same with `File "firmware.core.call", line 88` for `File "firmware.resident", line 2120`
"""

import ast
import keyword
import re
from pathlib import Path

from tools.joining.lean import lean
from tools.joining.names import Group, Names
from tools.joining.scope import JoinError, Module
from tools.joining.text import rewritten
from tools.joining.unread import FILE as FORGOTTEN
from tools.joining.unread import written

ROOT = Path(__file__).resolve().parent.parent.parent

# In the order in which the unit loads them: (joined module, modules whose imports it holds).
GROUPS = (("firmware.resident", ("firmware.assembly",)), ("firmware.spoken", ("firmware.speaking",)),
          ("firmware.carried", ("firmware.carriers",)))
# Let go of when the unit runs; whatever they alone use goes with them only if it is named here or imported inside a function.
OF_THE_START = ("firmware.assembly", "firmware.before", "firmware.build", "firmware.online", "firmware.carriers",
                "firmware.proving", "firmware.speaking", "firmware.speechless", "firmware.core.restarts",
                "firmware.core.speech_settings", "firmware.drivers.tones", "firmware.walk.at_start")  # fmt: skip
# Loaded before the joined modules, and let go of: they bring what they import with them, each a module of its own.
ALONE = ("firmware.service_mode", "firmware.rescue", "firmware.app", "firmware.muted", "firmware.stored")
ON_DEMAND = ("firmware.walk", "firmware.core.walk", "firmware.proofs", "firmware.audio_loop",
             "firmware.core.media.tone_meter", "firmware.service",
             "firmware.core.claim")  # packages and modules that are imported and let go of while the unit runs
_SHORT = 10  # up to so many characters MicroPython makes a name of each text
_SHARED = re.compile("_[A-Za-z]")  # a name that functions of many classes have (tools/attributes.py)
_SAID = "_SAID"  # holds the words of errors
_TRACE = re.compile(r'File "(firmware[.\w]*)", line (\d+), in ([<>\w]+)')


class Joined:
    """`texts`: {file: source} of what is to be compiled; `places`: {joined module: [(first line, dotted name of a source)]}."""

    def __init__(self, texts, places):
        self.texts, self.places = texts, places

    def place(self, module, line):
        """(module, line) of the source behind a line of a joined module; the same again for any other."""
        for first, source in reversed(self.places.get(module, ())):
            if line >= first:
                return source, line - first + 1
        return module, line


def joined(texts, groups=GROUPS, separate=OF_THE_START, alone=ALONE, on_demand=ON_DEMAND):
    """Joins `texts`, {file such as `firmware/core/call.py`: source}. Raises JoinError for what cannot stay the same program."""
    program = _Program(texts, groups, separate, alone, on_demand)
    return Joined(program.texts(), program.places)


class _Program:
    def __init__(self, texts, groups, separate, alone, on_demand):
        self._sources = texts
        self._files = {_dotted(file): file for file in texts}
        self._modules = {name: Module(name, texts[file]) for name, file in self._files.items() if _is_ours(name, groups)}
        for name, module in self._modules.items():
            if self._files[name].endswith("__init__.py") and not _is_empty(module.tree):
                module.fail(module.tree.body[0], "code in a package itself")
        self._separate = set(separate)
        within = [name for name in self._modules if any(f"{name}.".startswith(f"{part}.") for part in on_demand)]
        self._on_demand = [name for name in within if name not in self._separate]
        first = {name for name in alone if name in self._modules}
        self._copied = first | self._closure([*self._on_demand, *(other for name in first for other in self._imports(name))])
        self._whole = {other for name, module in self._modules.items() for other in self._objects(module)}
        self._groups, late = [], self._late()
        for name, roots in groups:
            members = self._members([root for root in roots if root in self._modules], late)
            self._groups.append(Group(name, members))
        self.places = {}

    def _imports(self, name, inside=False):
        """Our modules that `name` imports at its top, in order; `inside`: in its functions."""
        module = self._modules[name]
        for statement, scope in module.imports:
            if (scope.kind != "module") == inside:
                yield from self._named(module, statement)

    def _objects(self, module):
        """Our modules that `module` hands on as they are, which no joined module can stand for: they stay whole."""
        bound = {}
        for statement, scope in module.imports:
            for alias in statement.names:
                bound[(scope, alias.asname or alias.name)] = f"{getattr(statement, 'module', None)}.{alias.name}"
        roots = {id(node.value) for node, _ in module.dotted}
        for node, name, scope in module.uses:
            if id(node) not in roots and bound.get((scope.owner(name), name)) in self._modules:
                yield bound[(scope.owner(name), name)]

    def _named(self, module, statement):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names if alias.name in self._modules)
            return
        if statement.level:
            module.fail(statement, "a relative import: write the whole name")
        for alias in statement.names:
            if f"{statement.module}.{alias.name}" in self._modules:
                yield f"{statement.module}.{alias.name}"
            elif statement.module in self._modules:
                yield statement.module

    def _closure(self, names):
        found, new = set(), set(names)
        while new:
            found |= new
            new = {other for name in new for inside in (False, True) for other in self._imports(name, inside)} - found
        return found

    def _late(self):
        """Modules that something imports inside a function and nothing at its top: they are loaded when they are wanted."""
        apart = self._copied | set(self._on_demand)
        users = [name for name in self._modules if name not in apart]
        late = {other for name in users for other in self._imports(name, inside=True)}
        return late - {other for name in users for other in self._imports(name)}

    def _members(self, roots, late):
        """Modules of a group in the order in which Python would execute them."""
        taken = {name for group in self._groups for name in group.members}
        kept = self._kept(roots, late) - self._whole - taken
        order, done, under_way = [], set(), []

        def walk(name):
            if name in under_way:
                self._modules[name].fail(self._modules[name].tree, f"imports itself by way of {under_way[-1]}")
            if name not in done and name not in taken:
                under_way.append(name)
                for other in self._imports(name):
                    walk(other)
                under_way.pop()
                done.add(name)
                order.extend([name] if name in kept else [])

        for root in roots:
            walk(root)
        return order

    def _kept(self, roots, late):
        """What the modules of the start import for good, and all that this imports: also what is named as one of the start."""
        apart = {*self._separate, *self._on_demand, *late, *roots}
        passed, found, new = set(), set(), set(roots)
        while new:
            passed |= new
            imported = {other for name in new for other in self._imports(name)}
            found |= imported - apart
            new = (imported & apart) - passed
        new = found
        while new:
            new = {other for name in new for other in self._imports(name)} - found
            found = found | new
        return found

    def texts(self):
        names = Names(self._modules, self._groups)
        inside = {name for group in self._groups for name in group.members}
        texts = {}
        for name, file in self._files.items():
            if name not in self._modules or name in self._copied:
                texts[file] = self._sources[file]
            elif name not in inside:
                texts[file] = rewritten(self._modules[name], self._sources[file], names, None)
        for group in filter(lambda group: group.members, self._groups):
            texts[group.name.replace(".", "/") + ".py"] = self._text(group, names)
        if FORGOTTEN in texts:
            texts[FORGOTTEN] = written(texts, [group.name for group in self._groups if group.members])
        self._check_on_demand()
        return texts

    def _text(self, group, names):
        if group.name in self._modules:
            raise JoinError(f"{group.name}: the joined module has the name of another")
        self.places[group.name], seen = [], set()
        parts = ["from micropython import const\n"]
        parts += [f"from {other.rsplit('.', 1)[0]} import {leaf}\n" for other, leaf in names.others(group)]
        head = self._kept_names(group)
        line = 2 + len(parts) + head.count("\n")
        for name in group.members:
            text = rewritten(self._modules[name], self._sources[self._files[name]], names, group, seen)
            self.places[group.name].append((line, name))
            parts.append(text if text.endswith("\n") else text + "\n")
            line += parts[-1].count("\n")
        text = "".join(parts)
        lost = Module(group.name, text).unknown() - {name for member in group.members for name in self._modules[member].unknown()}
        if lost:
            raise JoinError(f"{group.name}: nothing has the name {', '.join(sorted(lost))} any more")
        text, said = lean(Module(group.name, text), text, _SAID)
        return f"{head}{_SAID} = {said!r}\n{text}"

    def _kept_names(self, group):
        """A text is an object of 32 bytes at each place where it is a part of a constant, and a long one everywhere, unless
        something has that name: a function that mentions them, and is gone at once."""
        nodes = [node for name in group.members for node in ast.walk(self._modules[name].tree)]
        said = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
        nodes = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        texts = {node.value for node in nodes if id(node) not in said}
        names = sorted(text for text in texts if text.isidentifier() and not keyword.iskeyword(text))
        short = sorted(repr(text) for text in texts - set(names) if 0 < len(text) <= _SHORT and text.isascii())
        return f"def _names(): {'; '.join([*names, 'ord(' + ', '.join(short) + ')'])}\ndel _names\n"

    def _check_on_demand(self):
        """What is loaded anew for a package on demand is a second copy: it must keep nothing that the first one would know of."""
        for name in sorted(self._closure(self._on_demand) - set(self._on_demand)):
            for node in self._modules[name].tree.body:
                if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and _may_change(node.value):
                    self._modules[name].fail(node, "is loaded a second time on demand, and this could change: hand it in instead")
            for node, _ in self._modules[name].declared:
                self._modules[name].fail(node, "is loaded a second time on demand, and keeps what a `global` says")


def _dotted(file):
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _is_ours(name, groups):
    return name.split(".")[0] in {group.split(".")[0] for group, _ in groups}


def _is_empty(tree):
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)


def _may_change(value):
    makers = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    return any(isinstance(node, makers) or _names_a_maker(node) for node in ast.walk(value))


def _names_a_maker(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("bytearray", "dict", "list", "set")


def of_the_firmware(root=ROOT):
    """The joined firmware as it is in `root`."""
    return joined({str(path.relative_to(root)): path.read_text() for path in sorted((root / "firmware").rglob("*.py"))})


def readable(line, made, root=ROOT):
    """A line of a traceback with the names of sources and of their functions. `made`: Joined, of the sources in `root`."""
    return _TRACE.sub(lambda found: _in_source(found, made, root), line)


def _in_source(found, made, root):
    module, line = made.place(found[1], int(found[2]))
    path = root / (module.replace(".", "/") + ".py")
    name = _function(path.read_text(), line) if _SHARED.fullmatch(found[3]) and path.exists() else None
    return f'File "{module}", line {line}, in {name or found[3]}'


def _function(text, line):
    """Name of the innermost function around a line; None outside of all."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    around = [node for node in nodes if node.lineno <= line <= node.end_lineno]
    return max(around, key=lambda node: node.lineno).name if around else None

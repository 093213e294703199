"""What joined modules hold and nothing needs once the unit runs: firmware/forgotten.py takes it away then.

Names: what a function may read stays, and what another module reads through the module. The rest is read while modules are
executed and imported, which is over: parts of tables, what the start makes, and what it imports.
Makers: `__init__` of classes that only the start makes. No function that stays calls such a class or one that inherits from it,
and nothing has it as an object; functions inside of an `__init__` may stay. What only these makers read goes as well.
For tools/joining.
"""

import ast
import symtable

FILE = "firmware/forgotten.py"
# Of these nothing is left when the unit runs, no object and no function: what they make is made.
LET_GO = ("firmware.assembly", "firmware.before", "firmware.build", "firmware.proving", "firmware.speaking",
          "firmware.walk.at_start")  # fmt: skip
_PLACES = ("NAMES = {}", "MADE = {}")
_ALWAYS = ("__name__",)  # a class that is made in a function takes it
_NEVER = ("__file__",)
_MAKER = "__init__"


def written(texts, modules):
    """The text of FILE for joined `modules`, [dotted name]. `texts`: {file: source}, all as they are compiled; FILE as in source.
    Raises ValueError if it has not the places for the names."""
    text = texts[FILE]
    for place, found in zip(_PLACES, unneeded(texts, modules), strict=True):
        if text.count(place) != 1:
            raise ValueError(f"{FILE}: {place!r} is not there once")
        text = text.replace(place, place[:-2] + repr({module: " ".join(sorted(names)) for module, names in found.items()}))
    return text


def unneeded(texts, modules):
    """({module: names that nothing reads}, {module: classes that nothing makes}) of joined `modules` once the unit runs."""
    files = {module: module.replace(".", "/") + ".py" for module in modules}
    trees = {file: ast.parse(text) for file, text in texts.items()}
    tables = {module: symtable.symtable(texts[file], file, "exec") for module, file in files.items()}
    names = {module: {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}
             for module, table in tables.items()}  # fmt: skip
    through = {module: _through([trees[file] for file in trees if file != files[module]], module) for module in modules}
    kept = {module: through[module] | _objects(trees, module) for module in modules}
    made = {module: set() for module in modules}
    while True:
        read = {module: through[module] | _in_functions(table, made[module]) for module, table in tables.items()}
        more = {module: _idle(trees[files[module]], read[module] | kept[module]) for module in modules}
        if more == made:
            break
        made = more
    left = {module: (names[module] | set(_NEVER)) - read[module] - set(_ALWAYS) for module in modules}
    return left, made


def _in_functions(table, made, around=()):
    """Global names that functions read or set, but not what makers of the classes `made` do. `around`: outer tables."""
    found = set()
    kinds = [other.get_type() for other in (*around, table)]
    is_maker = kinds == ["module", "class", "function"] and table.get_name() == _MAKER and around[1].get_name() in made
    if "function" in kinds and not is_maker:
        found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    for child in table.get_children():
        found |= _in_functions(child, made, (*around, table))
    return found


def _through(trees, module):
    """Names that are read as `resident.add` where `resident`, or what is said instead, is the module."""
    package, leaf = module.rsplit(".", 1)
    found = set()
    for tree in trees:
        nodes = list(ast.walk(tree))
        imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == package]
        called = {alias.asname or alias.name for node in imports for alias in node.names if alias.name == leaf}
        nodes = [node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
        found |= {node.attr for node in nodes if node.value.id in called}
    return found


def _objects(trees, module):
    """Names of the module that may be had as an object somewhere: used for more than a call or to inherit from it, or imported
    by a module of which something may stay."""
    found, own = set(), module.replace(".", "/") + ".py"
    for file, tree in trees.items():
        nodes = list(ast.walk(tree))
        imports = [alias for node in nodes if isinstance(node, ast.ImportFrom) and node.module == module for alias in node.names]
        if file != own and file[:-3].replace("/", ".") not in LET_GO:
            found |= {alias.name for alias in imports}
        harmless = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        harmless |= {id(base) for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases}
        used = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in harmless}
        found |= used if file == own else {alias.name for alias in imports if (alias.asname or alias.name) in used}
    return found


def _idle(tree, read):
    """Classes with a maker that nobody calls any more: neither they nor what inherits from them is among the names `read`."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    busy = set(classes) & read
    while True:
        more = {base.id for name in busy for base in classes[name].bases if isinstance(base, ast.Name)} & set(classes)
        if more <= busy:
            break
        busy |= more
    makers = {name for name, node in classes.items() for part in node.body if getattr(part, "name", "") == _MAKER}
    return makers - busy

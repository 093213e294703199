"""What a joined module need not keep in the heap: two names in each class, and sentences.

Each class begins with `__module__` and `__qualname__`, 16 bytes each, which nothing on a unit reads. A long text is an object of
32 bytes and an entry of 8 in a table for as long as the unit runs, most of them for an error that never comes; parts of one long
text take nothing until they are used. For tools/joining; lines stay where they are.
"""

import ast

from tools.joining.text import Edits

_NOBODY_READS = "del __module__, __qualname__"
_SHORT = 10  # up to so many characters a text is a name, as tools/joining says
_NATIVE = ("viper", "native")


def lean(module, text, name):
    """(`text` of `module` without what it need not keep, text of all sentences). `name`: of what will hold them."""
    edits, sentences = Edits(module, text), _Sentences(name)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and _is_text(node.body[0]):
            edits.put(node.body[0], _NOBODY_READS)
    for node in _said(module.tree, False):
        edits.put(node, sentences.part(node.value))
    return edits.text(), sentences.text


def _is_text(statement):
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Expr) and isinstance(value, ast.Constant) and isinstance(value.value, str)


def _said(node, is_inside):
    """Sentences in functions that are not native; outside of them they are made once and kept in any case."""
    if any(getattr(one, "attr", None) in _NATIVE for one in getattr(node, "decorator_list", ())):
        return
    for child in ast.iter_child_nodes(node):
        if is_inside and _is_sentence(child):
            yield child
        elif not _is_text(child):  # docstrings are not kept anyway
            yield from _said(child, is_inside or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))


def _is_sentence(node):
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return len(node.value) > _SHORT and node.value.isascii() and " " in node.value


class _Sentences:
    """`text`: all so far, one after the other."""

    def __init__(self, name):
        self._name = name
        self.text = ""

    def part(self, sentence):
        """The expression that gives `sentence`."""
        if sentence not in self.text:
            self.text += sentence
        at = self.text.index(sentence)
        return f"{self._name}[{at}:{at + len(sentence)}]"

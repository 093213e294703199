"""The set questions of a welfare call, from a JSON file: a list of `id`, `text`, `kind` (yes_no, scale, text), `required`.

The file is data, so that each scheme asks in its own words and language; docs/desk-api.md describes it.
"""

import json
from pathlib import Path

from ..fields import boolean, integer, list_of, name, one_of, table, text, wrong_field

_DEFAULT = Path(__file__).with_name("questions.en.json")
_QUESTIONS_MAX = 50
_SCALE = (1, 5)
_TEXT_MAX = 1000  # characters of an answer in words
KINDS = ("yes_no", "scale", "text")
OUTCOMES = ("well", "needs_help", "refused", "no_answer", "incomplete")
_COMPLETE = ("well", "needs_help")  # these outcomes stand on answers: all required ones must be there
_FIELDS = {"id": name, "text": text(1, 200), "kind": one_of(*KINDS), "required": boolean}
_ANSWERS = {"yes_no": boolean, "scale": integer(*_SCALE), "text": text(0, _TEXT_MAX)}
_is_list = list_of(table(**_FIELDS), 1, _QUESTIONS_MAX)


class QuestionsError(Exception):
    """The file cannot be used; the text says which and why."""


def load_questions(path=None):
    """Tuple of questions as dicts, of the file `path` or of the English one that comes with the desk. Raises QuestionsError."""
    path = path or _DEFAULT
    try:
        questions = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise QuestionsError(f"{path}: {error}") from error
    if not _is_list(questions):
        raise QuestionsError(f"{path}: {_complaint(questions)}")
    ids = [question["id"] for question in questions]
    if len(set(ids)) < len(ids):
        raise QuestionsError(f"{path}: each `id` may be there once")
    return tuple({field: question[field] for field in _FIELDS} for question in questions)


def wrong_answer(questions, answers, outcome):
    """What is wrong with `answers` (id to value) for this outcome, in words; None if they can be recorded."""
    if type(answers) is not dict:
        return "an object of question id to answer is wanted"
    by_id = {question["id"]: question for question in questions}
    for wanted, value in answers.items():
        if wanted not in by_id:
            return f"there is no question {wanted!r}"
        if not _ANSWERS[by_id[wanted]["kind"]](value):
            return f"{wanted}: {value!r} is no answer of kind {by_id[wanted]['kind']}"
    missing = [question["id"] for question in questions if question["required"] and question["id"] not in answers]
    return f"{missing[0]}: this question must be answered for {outcome!r}" if missing and outcome in _COMPLETE else None


def _complaint(questions):
    if type(questions) is not list or not 1 <= len(questions) <= _QUESTIONS_MAX:
        return f"a list of 1 to {_QUESTIONS_MAX} questions wanted"
    wrong = [(i, wrong_field(_FIELDS, item) if type(item) is dict else "not an object") for i, item in enumerate(questions)]
    return next(f"[{i}].{field} is missing or wrong" for i, field in wrong if field)

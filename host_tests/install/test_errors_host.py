"""Every error says what to do next, and docs/install.md says the same."""

import re
import string

from tools import deploy
from tools.install.errors import TABLE, InstallError
from tools.install.run import STEPS

PAGE = (deploy.ROOT / "docs" / "install.md").read_text(encoding="utf-8")
SOURCES = [path.read_text(encoding="utf-8") for path in sorted((deploy.ROOT / "tools" / "install").glob("*.py"))]


def rows():
    """{code: (what, next)} of the table in the page."""
    found = re.findall(r"^\| `([a-z_]+)` \| (.+?) \| (.+?) \|$", PAGE.split("\n## Errors\n")[1], re.M)
    return {code: (what, then) for code, what, then in found}


def test_the_page_has_every_error_in_the_same_words():
    assert rows() == TABLE


def test_the_page_has_every_step_with_its_bound():
    part = PAGE.split("\n## A run, step by step\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([a-z_]+)` \| (\d+|-) \| (.+?) \|$", part, re.M)
    assert found == [(name, str(bound_s or "-"), text) for name, (bound_s, text) in STEPS.items()]


def test_every_error_that_is_raised_is_in_the_table_and_every_one_in_the_table_is_raised():
    text = "\n".join(source for source in SOURCES if "_TEXT = " not in source)
    assert set(re.findall(r'InstallError\(\s*"(\w+)"', text)) <= set(TABLE)
    assert [code for code in TABLE if f'"{code}"' not in text] == []


def test_every_error_says_what_and_what_to_do_next_in_whole_sentences():
    for code, (what, then) in TABLE.items():
        assert what and then, code
        assert then[0].isupper() or then[0] in "`{", code
        assert then.rstrip("`)").endswith((".", "!", "?")), code
        for template in (what, then):
            names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
            assert all(name.isidentifier() for name in names), code


def test_a_message_comes_out_even_if_a_fact_is_missing():
    error = InstallError("wrong_chip", port="/dev/ttyUSB0", found="esp32")
    assert str(error).startswith("the board at /dev/ttyUSB0 has an esp32; <board>")

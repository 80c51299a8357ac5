"""Sessions in the documentation say what the commands really print, and nothing of the machine they ran on."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from benchmarks import docs, docs_footage
from benchmarks.docs_sessions import renew, typed_in

ROOT = docs.DOCS.parent

BEFORE = """Text.

<!-- setup export NAME=world; touch made -->
<!-- run -->
```console
$ echo "hello $NAME"
what an older version said
$ ls made missing
$ echo $? && pwd
$ echo one \\
    and two
of old
```

<!-- run until Three -->
```console
$ printf 'One\\nThreefold  \\nThree\\nFour\\n'
```

```console
$ echo stays as it is
```
"""
AFTER = """Text.

<!-- setup export NAME=world; touch made -->
<!-- run -->
```console
$ echo "hello $NAME"
hello world
$ ls made missing
ls: cannot access 'missing': No such file or directory
made
$ echo $? && pwd
2
/home/desk
$ echo one \\
    and two
one and two
```

<!-- run until Three -->
```console
$ printf 'One\\nThreefold  \\nThree\\nFour\\n'
One
Threefold
[…]
```

```console
$ echo stays as it is
```
"""


def test_what_is_printed_takes_the_place_of_what_was(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(BEFORE)
    renew(document)
    assert document.read_text() == AFTER
    renew(document)
    assert document.read_text() == AFTER


def test_no_document_shows_what_a_command_of_ours_printed_unless_it_is_run() -> None:
    ran = set()
    for document in [ROOT / "README.md", *docs.DOCS.rglob("*.md")]:
        text = document.read_text("utf-8")
        assert "```text\n$ " not in text, document.name
        for mark, block in re.findall(r"(<!-- run.*? -->\n)?```console\n(.*?)```", text, re.DOTALL):
            typed = "".join(f"$ {line}\n" for line in typed_in(block))
            assert mark or block == typed or "$ provenance" not in block, f"{document.name}: {block}"
            ran |= {document.name} if mark else set()
    assert ran == set(docs.SESSIONS)


def test_the_footage_of_every_session_can_be_made() -> None:
    said = "".join((docs.DOCS / name).read_text("utf-8") for name in docs.SESSIONS)
    named = re.findall(r"<!-- setup .*?python -m (\S+?)(?: (\w+))?[ ;].*?-->", said)
    assert {words for module, words in named if module == "benchmarks.docs_footage"} == set(docs_footage.MADE)
    assert all(find_spec(module) for module, _ in named)

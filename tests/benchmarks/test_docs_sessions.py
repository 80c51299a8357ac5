"""Sessions in the documentation say what the commands really print, and nothing of the machine they ran on."""

from __future__ import annotations

from pathlib import Path

from benchmarks.docs_sessions import renew

BEFORE = """Text.

<!-- setup export NAME=world; touch made -->
<!-- run -->
```console
$ echo "hello $NAME"
what an older version said
$ ls made missing
$ echo $? && pwd
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

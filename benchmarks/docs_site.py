"""The repository in which the sessions of docs/ci.md are typed: ``python -m benchmarks.docs_site FOLDER``.

It holds pictures, one of them signed, and the settings of pre-commit for both hooks. A picture lies beside it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).parent.parent
_PICTURES = ("site/media/harbour.jpg", "site/media/market.jpg", "site/media/old/bridge.jpg", "site/media/old/tram.jpg")


def make_site(folder: Path) -> None:
    """Make it in the folder ``site``, and what it needs beside."""
    (folder / "site" / "media" / "old").mkdir(parents=True)
    for seed, name in enumerate((*_PICTURES, "flood.jpg")):
        noise = np.random.default_rng(seed).integers(0, 255, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((640, 480)).save(folder / name)
    hooks = folder / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    typed(hooks, "git init -q && git add . && git commit -qm hooks")
    # "unsupported": the program installed here, in place of an environment that pip would fill for minutes.
    chosen = [{"id": name, "language": "unsupported"} for name in ("provenance-sign", "provenance-check")]
    repository = {"repo": hooks.as_uri(), "rev": typed(hooks, "git rev-parse HEAD").strip(), "hooks": chosen}
    (folder / "site" / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repository]}))
    typed(folder / "site", "provenance init && provenance sign media/harbour.jpg")
    typed(folder / "site", "mv media/harbour.signed.jpg media/harbour.jpg")
    typed(folder / "site", "git init -q -b main && git add . && git commit -qm 'All that there is'")


def typed(folder: Path, command: str) -> str:
    """What a shell prints to stdout."""
    done = subprocess.run(["bash", "-ec", command], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    make_site(Path(sys.argv[1]).absolute())

"""What sessions about keys need and do not show: a picture, certified keys, and a SoftHSM token with one.

``python -m benchmarks.docs_desk`` makes them in the working folder, as an authority and a vendor's tool would.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import cv2
import skimage
from cryptography.hazmat.primitives import serialization

from signer.authority import issue_authority, issue_leaf
from signer.signing import chain_pem

PIN = "628371"


def main() -> None:
    """Make all of it."""
    cv2.imwrite("harbour.png", cv2.imread(str(Path(skimage.__file__).parent / "data" / "coffee.png")))
    now = datetime.now(UTC)
    root = issue_authority("Certificates for Newsrooms", None, now, 3650, path_length=0)
    Path("authority.pem").write_text(chain_pem((root.certificate,)))
    for name, days in (("desk", 300), ("old", 20)):
        leaf = issue_leaf(f"Courier {name}", "City Courier", root, now, days)
        Path(f"{name}.chain.pem").write_text(chain_pem((leaf.certificate,)))
        pem = leaf.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        Path(f"{name}.pem").touch(0o600)
        Path(f"{name}.pem").write_bytes(pem)
    Path("tokens").mkdir()
    Path("softhsm2.conf").write_text(f"directories.tokendir = {Path('tokens').absolute()}\nlog.level = ERROR\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(Path("softhsm2.conf").absolute())}
    for words in (
        f"--init-token --free --label Newsroom --so-pin 17283940 --pin {PIN}",
        f"--import desk.pem --token Newsroom --label desk --id 01 --pin {PIN}",
    ):
        subprocess.run(["softhsm2-util", *words.split()], check=True, capture_output=True, env=environment)


if __name__ == "__main__":
    main()

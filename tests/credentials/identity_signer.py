"""Signs with an identity assertion (CAWG), as other software does: ``python identity_signer.py ORDER``, as JSON.

The library's Python package has no call for it, so this reaches into the C library beneath, in a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import c2pa
from c2pa import c2pa as native


def main(order: dict[str, Any]) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)
    c2pa.load_settings(json.dumps({"signer": {"local": order["signer"]}, "cawg_x509_signer": {"local": order["who"]}}))
    make = native._lib.c2pa_signer_from_settings
    make.restype = ctypes.POINTER(native.C2paSigner)
    signer = c2pa.Signer._wrap_native_handle(make())
    quiet = {"verify": {"verify_after_sign": False}, "builder": {"thumbnail": {"enabled": False}}}
    with (
        c2pa.Context.from_dict(quiet) as context,
        c2pa.Builder(order["definition"], context) as builder,
        Path(order["source"]).open("rb") as stream,
        Path(order["target"]).open("w+b") as output,
    ):
        builder.sign(signer, order["type"], stream, output)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

"""The answers as JUnit XML, which nearly every CI system shows: one test case for each asset."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from provenance.console import safe
from verifier.checking.examining import CheckedAsset

SUITE = "provenance check"


def junit(checked: Sequence[CheckedAsset], *, seconds: float) -> bytes:
    """The whole document. Known faults are skipped cases. ``seconds``: how long it all took."""
    counts = {
        "tests": str(len(checked)),
        "failures": str(sum(not asset.passes for asset in checked)),
        "errors": "0",
        "skipped": str(sum(asset.known for asset in checked)),
        "time": f"{seconds:.3f}",
    }
    root = Xml.Element("testsuites", counts)
    suite = Xml.SubElement(root, "testsuite", {"name": SUITE, **counts})
    for asset in checked:
        # What XML cannot hold, safe() has spelled out.
        name = safe(asset.path)
        case = Xml.SubElement(suite, "testcase", {"classname": SUITE, "name": name, "file": name, "time": "0"})
        if asset.fault is None:
            continue
        reason, todo = safe(asset.reason or asset.state), safe(asset.remedy or "")
        if asset.known:
            Xml.SubElement(case, "skipped", {"message": f"{asset.fault}, as the baseline knows: {reason}"})
        else:
            failure = Xml.SubElement(case, "failure", {"type": asset.fault.value, "message": reason})
            failure.text = f"{name}: {reason}\ntry: {todo}"
    Xml.indent(root)
    document: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"

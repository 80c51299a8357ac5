"""Runs inside the fence's child: gives up what a decoder does not need, then becomes the decoder.

A script of its own (``python -I -S launcher.py SPEC PROGRAM ARGUMENT…``) because limits set between fork and exec
of a threaded parent can deadlock. ``SPEC`` is JSON: ``limits`` ``[[resource, value], …]``, ``required``, ``parent``
(a process id), and ``report``, a descriptor on which one byte says how it went: ``f`` fenced off, ``o`` open.
"""

import ctypes
import json
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_CLONE_NEWIPC = 0x08000000


def main() -> None:
    """Read the command line, drop what can be dropped, report, exec."""
    spec = json.loads(sys.argv[1])
    command = sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    # An orphan would go on decoding for nobody.
    orphan_guard = libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0 and os.getppid() == spec["parent"]
    # A root that keeps its user namespace can still read the input; anybody else needs a new one for the network's.
    isolated = (
        libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC) == 0
        or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0
    )
    locked = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    for number, value in spec["limits"]:
        hard = resource.getrlimit(number)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (bound, bound))
    fenced = isolated and locked
    os.write(spec["report"], b"f" if fenced else b"o")
    os.close(spec["report"])
    if not orphan_guard or (spec["required"] and not fenced):
        os._exit(125)
    os.execv(command[0], command)  # noqa: S606  (a shell is the last thing wanted here)


main()

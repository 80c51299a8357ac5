"""Runs inside the fence's child: gives up what a decoder does not need, then becomes the decoder.

A script of its own (``python -I -S launcher.py SPEC PATHS PROGRAM ARGUMENT…``) because limits set between fork and exec
of a threaded parent can deadlock. ``SPEC`` is numbers with spaces between: the parent's process id, a descriptor on
which one byte says how it went (``f`` fenced off, ``o`` open), 1 if it must be fenced, then resources and their
limits in turn. ``PATHS``, joined by ``:``, is empty where the program is to be executed; otherwise the program is a
Python script that runs in this very process, importing from there: a second interpreter would cost its start again.

It imports no more than it must, since every decode waits for it.
"""

import ctypes
import gc
import os
import resource
import sys

_SIGKILL = 9
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_CLONE_NEWIPC = 0x08000000


def main() -> None:
    """Read the command line, drop what can be dropped, report, become the program."""
    parent, report, required, *limits = map(int, sys.argv[1].split())
    paths, program, arguments = sys.argv[2], sys.argv[3], sys.argv[4:]
    libc = ctypes.CDLL(None, use_errno=True)
    # An orphan would go on decoding for nobody.
    orphan_guard = libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) == 0 and os.getppid() == parent
    # A root that keeps its user namespace can still read the input; anybody else needs a new one for the network's.
    isolated = (
        libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC) == 0
        or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0
    )
    locked = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    for number, value in zip(limits[::2], limits[1::2], strict=True):
        hard = resource.getrlimit(number)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (bound, bound))
    fenced = isolated and locked
    os.write(report, b"f" if fenced else b"o")
    os.close(report)
    if not orphan_guard or (required and not fenced):
        os._exit(125)
    if not paths:
        os.execv(program, [program, *arguments])  # noqa: S606  (a shell is the last thing wanted here)
    # What it imports stays until it ends: no garbage is to be found in that.
    gc.disable()
    sys.path += paths.split(":")
    sys.argv = [program, *arguments]
    with open(program, "rb") as stream:  # noqa: PTH123  (pathlib takes longer to import than all of this to run)
        code = compile(stream.read(), program, "exec")
    exec(code, {"__name__": "__main__", "__file__": program})  # noqa: S102  (a file of this package)
    sys.stdout.flush()
    # Nothing is left that an orderly end would save.
    os._exit(0)


main()

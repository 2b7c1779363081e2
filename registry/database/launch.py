"""Becomes the account that a program is to run as, ties the program to its parent, and runs it.

    launch.py PARENT UID GID REACH PROGRAM ARGUMENT...

Run as a script by its path, with the standard library only, because it must start fast. PARENT is
the process id of the starter: when that process ends, however it ends, the program gets SIGINT
(Linux only). UID and GID are the account, or `-` to stay who one is. REACH is 1 when the program
may go through folders that are closed to its account (Linux only, from root only).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

# From <linux/prctl.h>, <linux/securebits.h> and <linux/capability.h>.
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
SECBIT_KEEP_CAPS = 1 << 4
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def main(arguments: list[str]) -> None:
    """Never returns normally: the process becomes the program."""
    parent, uid, gid, reach, *program = arguments
    linux = sys.platform == "linux"
    libc = ctypes.CDLL(None)
    if linux:
        unsigned = ctypes.c_ulong
        libc.prctl.argtypes = (ctypes.c_int, unsigned, unsigned, unsigned, unsigned)
    if uid != "-":
        if linux and reach == "1":
            _keep_capabilities(libc)
        try:
            os.setgroups([int(gid)])
            os.setgid(int(gid))
            os.setuid(int(uid))
        except OSError as error:
            raise SystemExit(f"cannot run as the account {uid}: {error.strerror}") from None
        if linux and reach == "1":
            _keep_only_reach(libc)
    if linux:
        # After the change of account, which would clear it.
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != int(parent):
            raise SystemExit("the starter has ended")
    os.umask(0o077)
    try:
        os.execv(program[0], program)
    except OSError as error:
        raise SystemExit(f"cannot run {program[0]}: {error.strerror}") from None


def _keep_capabilities(libc: ctypes.CDLL) -> None:
    """Let root's capabilities outlive the change of account.

    NO_SETUID_FIXUP rather than KEEP_CAPS alone, because access(2), by which PostgreSQL looks for
    its own programs, would otherwise ignore the capabilities of an account that is not root.
    """
    bits = SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS
    if libc.prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)


def _keep_only_reach(libc: ctypes.CDLL) -> None:
    """Drop every capability but the one that goes through closed folders, and hand that on.

    Where the system does not grant it the program still runs, and says itself what it cannot read.
    """
    one = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Effective, permitted, inheritable: the low 32 capabilities, then the high ones.
    if libc.capset(header, (ctypes.c_uint32 * 6)(one, one, one, 0, 0, 0)) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
    else:
        libc.capset(header, (ctypes.c_uint32 * 6)())


if __name__ == "__main__":
    main(sys.argv[1:])

"""The cage of the reading process: once it is shut, the process computes, answers through its pipe, and does no more.

Its own user where root has started it, a system call filter that names what is allowed (no file is opened, no socket,
no process begun, nobody signalled), Landlock behind it, and limits. The kernel's own calls by ctypes: the bindings on
the package index have been left alone since 2021 or are a few weeks old. It must be shut after the last import. What
the kernel refuses is returned in words, and whoever started the process says it aloud. It knows nothing of mail.
"""

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Callable, Iterator

NOBODY = 65534

_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER, _SET_DUMPABLE = 38, 22, 2, 4
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refused: EPERM
_LOAD, _IS, _RETURN = 0x20, 0x15, 0x06  # BPF: load a word, jump if equal, return
_CALL, _MACHINE, _FIRST = 0, 4, 16  # where struct seccomp_data has them
_INSTRUCTION = "HBBI"

#: Machine -> its number for the kernel, the calls that are allowed, and prlimit64, allowed for the process itself. They
#: are: read, write, close, fstat, lseek, memory (mmap, mprotect, munmap, brk, mremap, madvise), signals of its own,
#: sched_yield, futex, clocks, getrandom, getpid, gettid, its own limits and use of time, rseq, and its end.
_CALLS: dict[str, tuple[int, frozenset[int], int]] = {
    "x86_64": (
        0xC000003E,
        frozenset({0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 39, 60, 96, 97, 98, 131, 160, 186, 201, 202,
                   219, 228, 229, 230, 231, 273, 318, 324, 334}),
        302,
    ),
    "aarch64": (
        0xC00000B7,
        frozenset({63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 124, 216, 233, 172, 93, 169, 163, 165, 132,
                   164, 178, 98, 128, 113, 114, 115, 94, 99, 278, 283, 293}),
        261,
    ),
}  # fmt: skip

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # on every machine
_ASK_VERSION = 1
#: From which version of Landlock on: rights over files, then the size of the block that is handed over.
_RIGHTS = ((1, (1 << 13) - 1), (2, (1 << 14) - 1), (3, (1 << 15) - 1), (5, (1 << 16) - 1))
_SIZES = ((1, 8), (4, 16), (6, 24))
_TCP, _SCOPES = 3, 3  # bind and connect; abstract sockets and signals

_libc = ctypes.CDLL(None, use_errno=True)


def shut(memory: int) -> tuple[str, ...]:
    """Shuts the cage for good; `memory` in octets. Returns what the kernel refused, a sentence each."""
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("it keeps root's rights", _another_user),
        ("it may gain rights", lambda: _prctl(_SET_NO_NEW_PRIVILEGES, 1)),
        ("no Landlock guards files from it", _landlock),
        ("its limits do not hold", lambda: _limits(memory)),
        ("no filter of system calls is round it", _filter),
    )
    return tuple(f"the reading process is not caged: {what} ({why})" for what, step in steps if (why := _tried(step)))


def _tried(step: Callable[[], None]) -> str:
    try:
        step()
    except (OSError, ValueError) as fault:
        return getattr(fault, "strerror", None) or str(fault)
    return ""


def _another_user() -> None:
    """Nobody's, where root has started it; nothing of what belongs to root or the bot is then its own."""
    if os.getuid() != 0:
        return
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _limits(memory: int) -> None:
    _prctl(_SET_DUMPABLE, 0)  # its memory is nobody else's either
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _prctl(*given: int) -> None:
    if _libc.prctl(*(ctypes.c_ulong(one) for one in (*given, 0, 0, 0, 0)[:5])) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _syscall(number: int, *given: object) -> int:
    result: int = _libc.syscall(ctypes.c_long(number), *given)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _landlock() -> None:
    """Takes every right that this kernel knows over files, TCP, abstract sockets and signals to others."""
    version = _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    rights, size = (max(value for since, value in table if since <= version) for table in (_RIGHTS, _SIZES))
    block = struct.pack("<QQQ", rights, _TCP, _SCOPES)
    ruleset = _syscall(_CREATE_RULESET, block, ctypes.c_size_t(size), ctypes.c_uint32(0))
    _syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _filter() -> None:
    """Refuses every system call that is not allowed by name, and another machine's calls altogether."""
    if platform.machine() not in _CALLS:
        raise ValueError(f"the calls of {platform.machine()} are not known")
    lines = list(_program(*_CALLS[platform.machine()]))
    code = ctypes.create_string_buffer(b"".join(struct.pack(_INSTRUCTION, *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HP", len(lines), ctypes.addressof(code)))
    _prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(program))


def _program(machine: int, allowed: frozenset[int], limits: int) -> Iterator[tuple[int, int, int, int]]:
    """Code, jumps if equal and if not, and the number."""
    yield (_LOAD, 0, 0, _MACHINE)
    yield (_IS, 1, 0, machine)
    yield (_RETURN, 0, 0, _KILL)
    yield (_LOAD, 0, 0, _CALL)
    for call in sorted(allowed):
        yield (_IS, 0, 1, call)
        yield (_RETURN, 0, 0, _ALLOW)
    yield (_IS, 0, 3, limits)
    yield (_LOAD, 0, 0, _FIRST)  # whose limits: the daemon's are not its own
    yield (_IS, 0, 1, 0)
    yield (_RETURN, 0, 0, _ALLOW)
    yield (_RETURN, 0, 0, _REFUSE)

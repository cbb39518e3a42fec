"""Work on what somebody else wrote, in a process of its own with limits of time and memory.

Templates of a style are programs: sandboxed ones, which can reach nothing, but may still run without end.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar, cast

from tallystick.document.house_style import StyleRefused

SECONDS, BYTES = 180, 4 << 30

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


class Unavailable(Exception):
    """Something that this machine lacks; not the fault of a style."""


def apart(work: Callable[_Given, _Made], *given: _Given.args, **named: _Given.kwargs) -> _Made:
    """What the work makes. Raises StyleRefused when it fails, takes too long or needs too much memory; Unavailable as it is."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sending, work, given, named), daemon=True)
    process.start()
    sending.close()
    try:
        if not receiving.poll(SECONDS):
            raise StyleRefused(f"The house style was stopped: printing took longer than {SECONDS} seconds.")
        made = receiving.recv()
    except EOFError:
        raise StyleRefused("The house style was stopped: printing needed too much time or memory.") from None
    finally:
        process.kill()
        process.join()
    if isinstance(made, Exception):
        raise made
    return cast("_Made", made)


def _work(
    sending: Connection, work: Callable[..., object], given: tuple[object, ...], named: dict[str, object]
) -> None:
    _limit()
    try:
        sending.send(work(*given, **named))
    except (StyleRefused, Unavailable) as known:
        sending.send(known)
    except Exception as error:  # noqa: BLE001 - a template can fail in every way that Python knows
        sending.send(StyleRefused(f"The house style cannot print ({type(error).__name__}: {str(error)[:300]})."))


def _limit() -> None:
    """Limits that hold even when nobody waits any longer."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

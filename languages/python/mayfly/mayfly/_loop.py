"""asyncio for a function: coroutines and timers. There are no sockets to wait for, no threads, no signals."""

import asyncio
import selectors
import time


class Selector(selectors._BaseSelectorImpl):
    """Only time passes."""

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("an await waits for something that nothing in this function will do")
        if timeout > 0:
            time.sleep(timeout)
        return []


class Loop(asyncio.SelectorEventLoop):
    def __init__(self):
        super().__init__(Selector())

    def _make_self_pipe(self):
        pass

    def _close_self_pipe(self):
        pass

    def _write_to_self(self):
        pass


class Policy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = Loop


asyncio.set_event_loop_policy(Policy())
_loop = Loop()  # in the image: to make one takes longer than most handlers


def run(awaitable):
    """What a coroutine, or another awaitable, ends with. Tasks that it leaves behind are cancelled."""
    try:
        return _loop.run_until_complete(_all_of(awaitable))
    finally:
        asyncio.runners._cancel_all_tasks(_loop)


async def _all_of(awaitable):
    return await awaitable


def iterate(parts):
    """An asynchronous iterator as one that is not."""
    try:
        while True:
            try:
                yield run(anext(parts))
            except StopAsyncIteration:
                return
    finally:
        if hasattr(parts, "aclose"):
            run(parts.aclose())

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


def run(coroutine):
    return asyncio.run(coroutine)


def iterate(parts):
    """An asynchronous iterator as one that is not."""
    with asyncio.Runner() as runner:
        try:
            while True:
                try:
                    yield runner.run(_next(parts))
                except StopAsyncIteration:
                    return
        finally:
            if hasattr(parts, "aclose"):
                runner.run(_aclose(parts))


async def _next(parts):
    return await parts.__anext__()


async def _aclose(parts):
    await parts.aclose()

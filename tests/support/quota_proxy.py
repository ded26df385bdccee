"""A proxy before a real registry that takes only so many writes a minute, as clouds do: beyond them it answers 429 with
Retry-After. It counts by a fixed window, by a store that fills up all the time (a token bucket), or by a window that
other clients of the same address draw from, too.

    with QuotaProxy(registry.host, Window(2000)) as proxy:
        ...
        proxy.later_refusals(), proxy.writes
"""

import math
import time

from support.fault_proxy import FaultProxy, Status

MINUTE = 60.0
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Window:
    """`writes` in each minute; the first begins with the first write. `left` says when it is used up for the first time that
    so many seconds of it are left: then no time is lost, and what it has counted it may have counted for a minute."""

    def __init__(self, writes: int, others: int = 0, left: float | None = None):
        self.quota, self.left = writes - others, left
        self.began, self.count = None, 0

    def refuse(self, now: float) -> float | None:
        if self.began is None:
            self.began = now
        if self.count >= self.quota and self.left is not None:
            self.began, self.left = now + self.left - MINUTE, None
        if now >= self.began + MINUTE:
            self.began += (now - self.began) // MINUTE * MINUTE
            self.count = 0
        if self.count >= self.quota:
            return self.began + MINUTE - now
        self.count += 1
        return None


class Bucket:
    """A store of `writes`, which are put back evenly over a minute."""

    def __init__(self, writes: int):
        self.writes, self.level, self.last = writes, float(writes), None

    def refuse(self, now: float) -> float | None:
        if self.last is not None:
            self.level = min(self.writes, self.level + (now - self.last) * self.writes / MINUTE)
        self.last = now
        if self.level < 1:
            return (1 - self.level) * MINUTE / self.writes
        self.level -= 1
        return None


class QuotaProxy(FaultProxy):
    def __init__(self, upstream: str, shape):
        super().__init__(upstream)
        self.shape = shape
        self.writes = 0  # that were let through
        self.refusals: list[float] = []  # when, by the monotonic clock
        self.asked_to_wait: list[int] = []  # Retry-After of each

    def take_fault(self, method: str, path: str):
        if method not in WRITES:
            return super().take_fault(method, path)
        with self.lock:
            now = time.monotonic()
            left = self.shape.refuse(now)
            if left is None:
                self.writes += 1
                return None
            self.refusals.append(now)
            self.asked_to_wait.append(max(1, math.ceil(left)))
        return Status(path, status=429, headers={"Retry-After": str(self.asked_to_wait[-1])})

    def later_refusals(self) -> int:
        """Those of writes that were sent when the first refusal was known: all that come when its pause is over."""
        if not self.refusals:
            return 0
        return sum(moment >= self.refusals[0] + self.asked_to_wait[0] for moment in self.refusals)

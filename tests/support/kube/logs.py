"""The log of a container as a kubelet keeps and gives it: lines with the time each was written."""

import collections.abc
import dataclasses
import datetime
import re
import threading
import time


@dataclasses.dataclass(frozen=True)
class Piece:
    """What was written at once: a line, or without a newline at its end a part of one."""
    time: int  # nanoseconds since 1970
    data: bytes


def rfc3339(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def nanoseconds(text: str) -> int:
    """Of an RFC 3339 time in UTC."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    at = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return int(at.timestamp()) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)


class ContainerLog:
    """Written by one thread, read by many."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.ended = False
        self.changed = threading.Condition()

    def write(self, data: bytes | str, at: int | None = None) -> None:
        """Any bytes; each line gets the time of its writing, or `at`, in nanoseconds."""
        data = data.encode() if isinstance(data, str) else data
        now = at if at is not None else time.time_ns()
        with self.changed:
            self.pieces += [Piece(now, part) for part in re.findall(rb"[^\n]*\n|[^\n]+", data)]
            self.changed.notify_all()

    def end(self) -> None:
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    @property
    def text(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)

    def last_line(self) -> str:
        """The last that is not empty, without colours."""
        lines = re.sub(rb"\x1b\[[0-9;]*[A-Za-z]", b"", self.text).decode(errors="replace").splitlines()
        return next((line for line in reversed(lines) if line), "")

    def read(self, *, follow: bool = False, timestamps: bool = False, since: int = 0, tail: int | None = None,
             alive=lambda: True) -> collections.abc.Iterator[bytes]:
        """What the log endpoint sends. A part of a line that goes on gets no time of its own, as kubelets have it."""
        position, line_begins = 0, True
        if tail is not None:
            position = max(0, len(self.pieces) - tail)
        while True:
            with self.changed:
                while position >= len(self.pieces) and follow and not self.ended and alive():
                    self.changed.wait(0.2)
                new, ended = self.pieces[position:position + 1000], self.ended
            if not new and (ended or not follow or not alive()):
                return
            position += len(new)
            out = bytearray()
            for piece in new:
                if piece.time >= since:
                    out += f"{rfc3339(piece.time)} ".encode() if timestamps and line_begins else b""
                    out += piece.data
                line_begins = piece.data.endswith(b"\n")
            if out:
                yield bytes(out)

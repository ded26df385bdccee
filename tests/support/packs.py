"""Objects and packs of git made by hand (gitformat-pack), so that they can be what no git makes.

    pack = Pack()
    file = pack.add("blob", b"hello")                 # the object's name
    pack.add("tree", tree(("100644", "file", file)))
    pack.bytes()
"""

import hashlib
import struct
import zlib

TYPES = {"commit": 1, "tree": 2, "blob": 3, "tag": 4, "ofs-delta": 6, "ref-delta": 7}


def name_of(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


def tree(*entries: tuple[str, str | bytes, str]) -> bytes:
    """(mode, name, object) as they come: neither sorted nor checked."""
    return b"".join(mode.encode() + b" " + (name if isinstance(name, bytes) else name.encode()) + b"\0" + bytes.fromhex(object)
                    for mode, name, object in entries)


def commit(tree: str, *parents: str, message: str = "a change", when: int = 1_700_000_000) -> bytes:
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"{role} Ann Author <ann@example.com> {when} +0000" for role in ("author", "committer")]
    return ("\n".join(lines) + f"\n\n{message}\n").encode()


def size_bytes(number: int) -> bytes:
    """A size as a delta has it: seven bits a byte, the lowest first."""
    result = bytearray()
    while True:
        result.append(number & 127 | (128 if number > 127 else 0))
        number >>= 7
        if not number:
            return bytes(result)


def delta(base_size: int, result_size: int, *instructions: bytes) -> bytes:
    return size_bytes(base_size) + size_bytes(result_size) + b"".join(instructions)


def copy(offset: int, size: int) -> bytes:
    """The instruction to copy from the base; at most 16 MiB."""
    return b"\xff" + struct.pack("<I", offset) + struct.pack("<I", size)[:3]


def insert(content: bytes) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in (content[i:i + 127] for i in range(0, len(content), 127)))


class Pack:
    def __init__(self):
        self.body = bytearray()
        self.count = 0
        self.offsets: list[int] = []

    def add(self, kind: str, content: bytes, *, size: int | None = None, compressed: bytes | None = None) -> str:
        """`size` is what its header declares, and `compressed` what stands for its content."""
        self._add(TYPES[kind], len(content) if size is None else size, b"", compressed or zlib.compress(content))
        return name_of(kind, content)

    def add_offset_delta(self, base: int, content: bytes, *, size: int | None = None) -> None:
        """`base` is the number of an object of this pack."""
        distance = 12 + len(self.body) - self.offsets[base]
        encoded = [distance & 127]
        while distance := distance >> 7:
            distance -= 1
            encoded.append(distance & 127 | 128)
        self._add(TYPES["ofs-delta"], len(content) if size is None else size, bytes(reversed(encoded)), zlib.compress(content))

    def add_name_delta(self, base: str, content: bytes) -> None:
        self._add(TYPES["ref-delta"], len(content), bytes.fromhex(base), zlib.compress(content))

    def _add(self, kind: int, size: int, prefix: bytes, compressed: bytes) -> None:
        self.offsets.append(12 + len(self.body))
        first, size = kind << 4 | size & 15, size >> 4
        self.body.append(first | (128 if size else 0))
        if size:
            self.body += size_bytes(size)
        self.body += prefix + compressed
        self.count += 1

    def bytes(self, count: int | None = None) -> bytes:
        text = b"PACK" + struct.pack(">II", 2, self.count if count is None else count) + bytes(self.body)
        return text + hashlib.sha1(text).digest()


class History:
    """One commit with a tree of the caller's, whole in a pack."""

    def __init__(self, *entries: tuple[str, str | bytes, str | bytes], pack: Pack | None = None):
        """(mode, name, content or an object's name)"""
        self.pack = pack or Pack()
        lines = [(mode, name, what if isinstance(what, str) else self.pack.add("blob", what)) for mode, name, what in entries]
        self.tree = self.pack.add("tree", tree(*lines))
        self.head = self.pack.add("commit", commit(self.tree))

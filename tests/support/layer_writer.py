"""Tar archives and their compressions written byte by byte, in every form that readers meet: ustar, PAX (POSIX.1-2001) and GNU
headers, several gzip members (RFC 1952), zstd frames (RFC 8878) of raw and repeated blocks, between frames that are skipped."""

import gzip
import random
import struct
import subprocess
import zlib

from support.layer_model import Entry

TYPES = {"file": b"0", "hardlink": b"1", "symlink": b"2", "character": b"3", "block": b"4", "directory": b"5", "fifo": b"6"}
BLOCK = 512


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def octal(value: int, width: int) -> bytes:
    return b"%0*o\0" % (width - 1, value)


def base256(value: int, width: int) -> bytes:
    return (value + (1 << (8 * width - 1) if value >= 0 else 1 << (8 * width))).to_bytes(width, "big")


def number(value: int, width: int) -> bytes:
    """In octal where that holds it, else as GNU tar has it."""
    return octal(value, width) if 0 <= value < 8 ** (width - 1) else base256(value, width)


def header(name: bytes, kind: bytes, entry: Entry, size: int, target: bytes = b"", magic: bytes = b"ustar\x0000",
           prefix: bytes = b"") -> bytes:
    seconds = entry.mtime // 10**9
    fields = [name.ljust(100, b"\0"), octal(entry.mode, 8), number(entry.uid, 8), number(entry.gid, 8), number(size, 12),
              number(seconds, 12), b" " * 8, kind, target.ljust(100, b"\0"), magic, b"root".ljust(32, b"\0"),
              b"root".ljust(32, b"\0"), octal(entry.device[0], 8), octal(entry.device[1], 8), prefix.ljust(155, b"\0")]
    block = b"".join(fields).ljust(BLOCK, b"\0")
    assert len(block) == BLOCK, entry
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def pax_records(records: dict[bytes, bytes]) -> bytes:
    result = b""
    for key, value in records.items():
        rest = b" " + key + b"=" + value + b"\n"
        length = len(rest) + 1
        while len(b"%d" % length) + len(rest) != length:
            length = len(b"%d" % length) + len(rest)
        result += b"%d" % length + rest
    return result


def as_pax(entry: Entry) -> bytes:
    fraction = entry.mtime % 10**9
    seconds = entry.mtime // 10**9
    records = {b"path": entry.path, b"uid": b"%d" % entry.uid, b"gid": b"%d" % entry.gid, b"comment": b"of no meaning",
               b"mtime": b"%d.%09d" % (seconds, fraction) if entry.mtime >= 0 else b"%d" % seconds}
    if entry.target:
        records[b"linkpath"] = entry.target
    extension = pax_records(records)
    plain = Entry(b"", entry.kind, entry.mode, 0, 0, 0, device=entry.device)
    return (header(b"PaxHeaders/x", b"x", Entry(b"", "file"), len(extension)) + padded(extension) +
            header(b"replaced", TYPES[entry.kind], plain, len(entry.content), b"replaced" if entry.target else b"") +
            padded(entry.content))


def as_gnu(entry: Entry) -> bytes:
    magic = b"ustar  \0"
    result = b""
    for letter, text in ((b"K", entry.target), (b"L", entry.path)):
        if len(text) > 99:
            result += header(b"././@LongLink", letter, Entry(b"", "file"), len(text) + 1, magic=magic) + padded(text + b"\0")
    return result + header(entry.path[:100], TYPES[entry.kind], entry, len(entry.content), entry.target[:100], magic) + padded(entry.content)


def as_ustar(entry: Entry) -> bytes | None:
    """Nothing where it cannot be said so."""
    cut = entry.path.rfind(b"/", 0, 156) if len(entry.path) > 100 else -1
    prefix, name = (entry.path[:cut], entry.path[cut + 1:]) if cut > 0 else (b"", entry.path)
    if len(name) > 100 or not name or len(entry.target) > 100 or entry.mtime < 0 or max(entry.uid, entry.gid) >= 8**7:
        return None
    kind = TYPES[entry.kind]
    return header(name, kind, entry, len(entry.content), entry.target, prefix=prefix) + padded(entry.content)


def tar_of(entries: list[Entry], chance: random.Random) -> bytes:
    """Times are whole seconds but in PAX: the entries are altered to what could be said."""
    result = b""
    for entry in entries:
        form = chance.choice([as_pax, as_gnu, as_ustar])
        if form is not as_pax or entry.mtime < 0:
            entry.mtime -= entry.mtime % 10**9
        result += form(entry) or as_gnu(entry)
    end = chance.choice([bytes(2 * BLOCK), bytes(20 * BLOCK), bytes(BLOCK), b"", bytes(2 * BLOCK) + chance.randbytes(700)])
    return result + end


def pieces(content: bytes, chance: random.Random, most: int = 5) -> list[bytes]:
    cuts = sorted(chance.randrange(len(content) + 1) for _ in range(chance.randrange(most)))
    return [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]


def gzip_member(content: bytes, chance: random.Random) -> bytes:
    flags = chance.randrange(32)
    head = struct.pack("<2sBBIBB", b"\x1f\x8b", 8, flags, chance.getrandbits(32), 0, chance.randrange(256))
    if flags & 4:
        head += struct.pack("<H", 5) + b"extra"
    if flags & 8:
        head += b"a name\0"
    if flags & 16:
        head += b"a comment\0"
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    packer = zlib.compressobj(chance.choice([0, 1, 6, 9]), zlib.DEFLATED, -15, strategy=chance.choice([0, 2, 3, 4]))
    body = b""
    for piece in pieces(content, chance):
        body += packer.compress(piece) + packer.flush(chance.choice([zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
    return head + body + packer.flush() + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def as_gzip(content: bytes, chance: random.Random) -> bytes:
    return b"".join(gzip_member(piece, chance) for piece in pieces(content, chance)) + bytes(chance.choice([0, 0, 512]))


def raw_zstd_frame(content: bytes) -> bytes:
    """Blocks of raw bytes, and of one byte that is repeated."""
    blocks = b""
    parts = [content[start:start + 10_000] for start in range(0, len(content), 10_000)] or [b""]
    for index, part in enumerate(parts):
        repeated = len(part) > 1 and part.count(part[:1]) == len(part)
        head = (len(part) << 3) | (2 if repeated else 0) | (index == len(parts) - 1)
        blocks += head.to_bytes(3, "little") + (part[:1] if repeated else part)
    return b"\x28\xb5\x2f\xfd" + bytes([0x00, 0x58]) + blocks  # no size, no checksum, a window of 2 MiB


def skipped_frame(chance: random.Random) -> bytes:
    content = chance.randbytes(chance.randrange(100))
    return struct.pack("<II", 0x184D2A50 + chance.randrange(16), len(content)) + content


def zstd_frame(content: bytes, chance: random.Random) -> bytes:
    options = chance.choice([["-1"], ["-19"], ["--no-check"], ["--check", "--no-content-size"], ["--long=24", "-3"], ["--fast=5"]])
    return subprocess.run(["zstd", "-q", "-c", *options], input=content, capture_output=True, check=True).stdout


def as_zstd(content: bytes, chance: random.Random) -> bytes:
    result = b""
    for index, piece in enumerate(pieces(content, chance, 4)):
        if chance.random() < 0.4:
            result += skipped_frame(chance)
        result += zstd_frame(piece, chance) if index == 0 else raw_zstd_frame(piece)
    return result + (skipped_frame(chance) if chance.random() < 0.3 else b"")


def compressed(content: bytes, chance: random.Random) -> bytes:
    form = chance.choice([as_gzip, as_gzip, as_zstd, as_zstd, lambda plain, _: plain, lambda plain, _: gzip.compress(plain, 9)])
    return form(content, chance)

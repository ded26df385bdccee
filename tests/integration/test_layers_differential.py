"""Generated layers, unpacked by `in` and by a plain model: every path, type, mode, owner, time, content, device and hard link
is the same. Each seed has a directory of its own; many seeds share an image, whose layers are then theirs one after another."""

import collections
import os
import random
import stat

import pytest

from support.fleet import Layer, Storage, digest_of
from support.layer_model import Entry, Model, Refused
from support.layer_writer import compressed, tar_of
from support.program import run_program
from support.registry_server import RegistryServer

SEEDS_AN_IMAGE = 40
KINDS = ["file"] * 6 + ["directory"] * 4 + ["symlink"] * 4 + ["hardlink"] * 4 + ["character", "block", "fifo"]
NAMES = [b"a", b"b", b"c", b"d", b"e f", b"-n", b"...", b"..x", b".wh", b"wh.", b".whx", b"\xc3\xa4", b"\xff\xfe", b"new\nline",
         b"back\\slash", b"*", b"~", b"x" * 100, b"y" * 180, b"=", b"%s", b"\x01", b"$HOME", b" "]
MODES = [0o644, 0o755, 0o000, 0o4755, 0o2755, 0o1777, 0o6711, 0o7777, 0o400]
OWNERS = [0, 1, 1000, 65534, 8**7 - 1, 8**7, 2**31, 2**32 - 2]
TIMES = [0, 1, 10**9, 1_700_000_000 * 10**9 + 123_456_789, 315_532_801 * 10**9, 8**11 * 10**9 // 2, -(10**9), 2**33 * 10**9 + 5]
TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFCHR: "character",
         stat.S_IFBLK: "block", stat.S_IFIFO: "fifo"}
pytestmark = pytest.mark.usefixtures("as_root")


class Generator:
    """Layers below one directory that the model takes: what it refuses is left out."""

    def __init__(self, seed: int):
        self.chance = random.Random(seed)
        self.top = b"seed-%d" % seed
        self.names = self.chance.sample(NAMES, 6)

    def path(self, most: int = 3) -> bytes:
        parts = [self.top, *(self.chance.choice(self.names) for _ in range(self.chance.randint(1, most)))]
        path = self.chance.choice([b"/", b"/", b"//", b"/./"]).join(parts)
        return self.chance.choice([b"", b"", b"./", b"/"]) + path

    def link_target(self) -> bytes:
        chance = self.chance
        relative = b"/".join(chance.choice([*self.names, b"..", b"."]) for _ in range(chance.randint(1, 3)))
        return chance.choice([relative, relative, b"/" + self.path(2).lstrip(b"./"), b"gone", b"/" + self.top])

    def entry(self) -> Entry:
        chance = self.chance
        if chance.random() < 0.2:
            parent, _, name = self.path().rpartition(b"/")
            hidden = chance.choice([b".wh." + name, b".wh." + name, b".wh..wh..opq", b".wh..wh.plnk", b".wh..wh.aufs"])
            return Entry(parent + b"/" + hidden, "file")
        kind = chance.choice(KINDS)
        entry = Entry(self.path(), kind, chance.choice(MODES), chance.choice(OWNERS), chance.choice(OWNERS), chance.choice(TIMES))
        if kind == "directory" and chance.random() < 0.5:
            entry.path += b"/"
        if kind == "file":
            entry.content = chance.choice([b"", b"x", chance.randbytes(511), chance.randbytes(512), bytes(30_000), b"words " * 999])
        if kind == "symlink":
            entry.target, entry.mode = self.link_target(), 0o777
        if kind == "hardlink":
            entry.target = self.path()
        if kind in ("character", "block"):
            entry.device = (chance.choice([1, 8, 200]), chance.choice([0, 3, 255]))
        return entry

    def layer(self, model: Model) -> list[Entry]:
        taken = [Entry(self.top, "directory", 0o755)]
        model.apply(taken[0])
        for _ in range(self.chance.randint(5, 25)):
            entry = self.entry()
            try:
                model.apply(entry)
            except Refused:
                continue
            taken.append(entry)
        return taken


def found_below(root: bytes) -> dict[bytes, os.stat_result]:
    found = {}
    pending = [b""]
    while pending:
        folder = pending.pop()
        for entry in os.scandir(os.path.join(root, folder) if folder else root):
            path = folder + entry.name
            found[path] = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                pending.append(path + b"/")
    return found


def facts(root: bytes, path: bytes, status: os.stat_result) -> dict:
    kind = TYPES[stat.S_IFMT(status.st_mode)]
    result = {"kind": kind, "uid": status.st_uid, "gid": status.st_gid, "mtime": status.st_mtime_ns}
    if kind == "symlink":
        return {**result, "target": os.readlink(root + b"/" + path)}
    result["mode"] = stat.S_IMODE(status.st_mode)
    if kind == "file":
        with open(root + b"/" + path, "rb") as file:
            result["content"] = file.read()
    if kind in ("character", "block"):
        result["device"] = (os.major(status.st_rdev), os.minor(status.st_rdev))
    return result


def wanted(node) -> dict:
    result = {"kind": node.kind, "uid": node.uid, "gid": node.gid, "mtime": node.mtime}
    if node.kind == "symlink":
        return {**result, "target": node.target}
    result["mode"] = node.mode
    if node.kind == "file":
        result["content"] = node.content
    if node.kind in ("character", "block"):
        result["device"] = node.device
    return result


def groups(keys: dict) -> set[frozenset]:
    by_key = collections.defaultdict(set)
    for path, key in keys.items():
        by_key[key].add(path)
    return {frozenset(paths) for paths in by_key.values()}


def compare(root: bytes, model: Model) -> None:
    found, listing = found_below(root), model.listing()
    assert sorted(found) == sorted(listing)
    for path, node in listing.items():
        seen, right = facts(root, path, found[path]), wanted(node)
        if right["mtime"] is None:
            del seen["mtime"], right["mtime"]
        assert seen == right, path
    assert groups({path: status.st_ino for path, status in found.items()}) == groups({path: id(node) for path, node in listing.items()})


def play(programs, storage: Storage, host: str, seeds: range, destination) -> None:
    generators = [Generator(seed) for seed in seeds]
    chance = random.Random(seeds.start)
    model, layers = Model(), []
    for _ in range(chance.randint(2, 5)):
        model.begin_layer()
        entries = [entry for generator in generators for entry in generator.layer(model)]
        content = tar_of(entries, chance)  # may round times, which the model has by reference no more
        layers.append((content, entries))
    # The times as they could be written: the model is played again from the entries.
    model = Model()
    made = []
    for content, entries in layers:
        model.begin_layer()
        for entry in entries:
            model.apply(entry)
        made.append(Layer(compressed(content, chance), digest_of(content)))
    digest = storage.image("layers", f"from-{seeds.start}", made)
    destination.mkdir()
    request = {"source": {"repository": f"{host}/layers", "tag": "main"}, "version": {"tag": "main", "digest": digest}}
    result = run_program(programs, "in", request, destination)
    assert result.status == 0, result.stderr
    compare(os.fsencode(destination / "rootfs"), model)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with RegistryServer(tmp_path_factory.mktemp("layers") / "registry") as running:
        yield running, Storage(running.data, running.host)


@pytest.mark.parametrize("start", range(0, 400, SEEDS_AN_IMAGE))
def test_generated_layers_are_unpacked_as_the_model_has_them(programs, server, tmp_path, start):
    running, storage = server
    play(programs, storage, running.host, range(start, start + SEEDS_AN_IMAGE), tmp_path / "destination")


@pytest.mark.release
def test_thousands_of_generated_layers(programs, server, tmp_path):
    running, storage = server
    for start in range(1000, 9000, SEEDS_AN_IMAGE):
        play(programs, storage, running.host, range(start, start + SEEDS_AN_IMAGE), tmp_path / f"destination-{start}")

"""Layers of an image as a plain model in memory: a second, independent implementation of what image-spec's layer.md says, to
hold the real one against. A tree of nodes; hard links are one node with several names.

    model = Model()
    model.begin_layer(); model.apply(entry); ...
    model.listing()  # path to Facts
"""

import dataclasses

MOST_LINKS = 40  # path_resolution(7)


class Refused(Exception):
    """What no archive may hold, or what has no meaning."""


@dataclasses.dataclass
class Entry:
    """An entry of a tar archive. `kind`: file, directory, symlink, hardlink, character, block, fifo."""
    path: bytes
    kind: str
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0  # nanoseconds
    content: bytes = b""
    target: bytes = b""
    device: tuple[int, int] = (0, 0)


@dataclasses.dataclass(eq=False)
class Node:
    kind: str
    mode: int
    uid: int
    gid: int
    mtime: int | None  # nothing: when it was made
    content: bytes = b""
    target: bytes = b""
    device: tuple[int, int] = (0, 0)
    children: dict[bytes, "Node"] = dataclasses.field(default_factory=dict)


def implied_directory() -> Node:
    return Node("directory", 0o755, 0, 0, None)


class Model:
    def __init__(self):
        self.root = implied_directory()
        self.own: set[tuple[bytes, ...]] = set()  # canonical paths that the current layer has brought

    def begin_layer(self) -> None:
        self.own = set()

    def apply(self, entry: Entry) -> None:
        names = [name for name in entry.path.split(b"/") if name not in (b"", b".")]
        if b".." in names:
            raise Refused("above the root")
        if names and names[-1].startswith(b".wh."):
            return self._whiteout(names[:-1], names[-1])
        if entry.kind == "hardlink":
            return self._hardlink(names, entry)
        if not names:
            if entry.kind != "directory":
                raise Refused("the root is a directory")
            self._describe(self.root, entry)
            return
        place, made = self._resolve(names[:-1], create=True)
        parent, name = self._node(place), names[-1]
        self.own |= made
        there = parent.children.get(name)
        if entry.kind == "directory" and there and there.kind == "directory":
            self._describe(there, entry)
        else:
            mode = entry.mode & 0o1777 if entry.kind in ("character", "block", "fifo") else entry.mode
            parent.children[name] = Node(entry.kind, mode, entry.uid, entry.gid, entry.mtime, entry.content, entry.target,
                                         entry.device)
        self.own.add((*place, name))

    def _describe(self, node: Node, entry: Entry) -> None:
        node.mode, node.uid, node.gid, node.mtime = entry.mode, entry.uid, entry.gid, entry.mtime

    def _hardlink(self, names: list[bytes], entry: Entry) -> None:
        target = [name for name in entry.target.split(b"/") if name not in (b"", b".")]
        if b".." in target or not target or not names:
            raise Refused("above the root")
        found = self._resolve(target[:-1], create=False)
        node = self._node(found[0]).children.get(target[-1]) if found else None
        if node is None or node.kind == "directory":
            raise Refused("no such file")
        place, made = self._resolve(names[:-1], create=True)
        where, whence = (*place, names[-1]), (*found[0], target[-1])
        if whence[:len(where)] == where and whence != where:
            raise Refused("it would replace the directory that holds its target")
        self.own |= made
        self._node(place).children[names[-1]] = node
        self.own.add(where)

    def _whiteout(self, parents: list[bytes], name: bytes) -> None:
        opaque = name == b".wh..wh..opq"
        if not opaque and name.startswith(b".wh..wh."):
            return
        hidden = name[len(b".wh."):]
        if not opaque and hidden in (b"", b".", b".."):
            raise Refused("it names nothing")
        found = self._resolve(parents, create=False)
        if not found:
            return
        place = found[0]
        parent = self._node(place)
        for child in list(parent.children) if opaque else [hidden]:
            if child in parent.children:
                self._hide(parent, child, (*place, child))

    def _hide(self, parent: Node, name: bytes, path: tuple[bytes, ...]) -> None:
        """Only what lower layers brought goes; a directory stays while this layer has something in it."""
        node = parent.children[name]
        if node.kind == "directory":
            for child in list(node.children):
                self._hide(node, child, (*path, child))
        if path not in self.own and not node.children:
            del parent.children[name]

    def _node(self, place: tuple[bytes, ...]) -> Node:
        node = self.root
        for name in place:
            node = node.children[name]
        return node

    def _resolve(self, names: list[bytes], create: bool):
        """(canonical path, directories made) of a directory, through links as in a chroot; nothing where it is missing."""
        pending = list(reversed(names))
        place: list[bytes] = []
        made: list[tuple[tuple[bytes, ...], Node]] = []
        new: dict[tuple[bytes, ...], Node] = {}
        links = 0

        def look(path: tuple[bytes, ...]) -> Node | None:
            if path in new:
                return new[path]
            if path[:-1] in new:
                return None
            return self._node(path[:-1]).children.get(path[-1])

        while pending:
            name = pending.pop()
            if name == b"..":
                if not place:
                    raise Refused("above the root")
                place.pop()
                continue
            path = (*place, name)
            node = look(path)
            if node is None:
                if not create:
                    return None
                new[path] = implied_directory()
                made.append((path, new[path]))
                place.append(name)
            elif node.kind == "directory":
                place.append(name)
            elif node.kind == "symlink":
                links += 1
                if links > MOST_LINKS:
                    raise Refused("too many links")
                if node.target.startswith(b"/"):
                    place = []
                pending += [part for part in reversed(node.target.split(b"/")) if part not in (b"", b".")]
            elif create:
                raise Refused("not a directory")
            else:
                return None
        for path, node in made:
            self._node(path[:-1]).children[path[-1]] = node
        return tuple(place), {path for path, _ in made}

    def listing(self) -> dict[bytes, Node]:
        found: dict[bytes, Node] = {}

        def walk(node: Node, path: bytes) -> None:
            for name, child in node.children.items():
                found[path + name] = child
                if child.kind == "directory":
                    walk(child, path + name + b"/")
        walk(self.root, b"")
        return found

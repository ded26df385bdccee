#!/usr/bin/env python3
"""Joins the sources of one library into a few that compile as one each: what they include is then read once, and what
templates make of it is made once.

Usage: groups.py PREFIX SOURCE...    writes PREFIX0.cpp, PREFIX1.cpp ... and prints their names

A name that one source defines for itself (in its anonymous namespace, or by a using-declaration) stands nowhere in the
others of its group but as a member (after ".", "->" or "::"): so no source can mean another thing in a group than it does
alone.
"""

import pathlib
import re
import sys

MOST_SOURCES = 10
MOST_LINES = 2000

NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|R\"([^(\s]*)\(.*?\)\1\"|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9A-Za-z])'(?:\\.|[^'\\\n])+'", re.DOTALL)
WORD = re.compile(r"[A-Za-z_]\w*")
FREE_WORD = re.compile(r"(?<![\w.])(?<!->)(?<!::)[A-Za-z_]\w*")
NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b[^;={]*$")


class Source:
    def __init__(self, path: str) -> None:
        self.path = path
        text = pathlib.Path(path).read_text()
        self.lines = text.count("\n")
        # A macro, or a directive that opens a namespace, reaches whatever comes after it.
        self.alone = bool(re.search(r"^\s*#\s*define|^\s*using\s+namespace\s+(?!std::(?:chrono|string(?:_view)?)_literals)",
                                    text, re.MULTILINE))
        code = re.sub(r"^\s*#[^\n]*", "", NOISE.sub(" ", text), flags=re.MULTILINE)
        self.words = set(FREE_WORD.findall(code))
        self.usings: dict[str, str] = {}  # what may be said twice, to the name that it introduces
        self.names: set[str] = set()
        for statement in statements(code):
            self.note(statement)

    def note(self, statement: str) -> None:
        """The names that a statement at the level of a namespace introduces; rather too many than too few."""
        using = re.fullmatch(r"\s*(?:using|namespace)\s+(?:(\w+)\s*=\s*)?([\w:]+)\s*", statement)
        if using:
            self.usings[" ".join(statement.split())] = using.group(1) or using.group(2).rsplit("::", 1)[-1]
            return
        kind = re.search(r"\b(?:class|struct|union|enum(?:\s+class)?|using|namespace)\s+(\w+)", statement)
        if kind:
            self.names.add(kind.group(1))
        head = re.split(r"[=({]", statement, maxsplit=1)[0]
        words = WORD.findall(re.sub(r"<[^<>]*>", "", head))
        if words and "::" not in head[head.rfind(" ") + 1:]:
            self.names.add(words[-1])

    def fits(self, other: "Source") -> bool:
        if self.alone or other.alone:
            return False
        own = self.names | {name for text, name in self.usings.items() if text not in other.usings}
        others = other.names | {name for text, name in other.usings.items() if text not in self.usings}
        return not own & other.words and not others & self.words


def statements(code: str) -> list[str]:
    """What stands at the level of a namespace, cut at each semicolon and at each brace that is not a namespace's."""
    result = []
    depth = 0
    current = ""
    for piece in re.split(r"([{};])", code):
        if piece == "{":
            if depth or not NAMESPACE.search(current):
                if not depth:
                    result.append(current + "{")
                depth += 1
            current = ""
        elif piece == "}":
            depth = max(0, depth - 1)
            current = ""
        elif piece == ";":
            if not depth:
                result.append(current)
            current = ""
        elif not depth:
            current = piece
    return result


def groups(sources: list[Source]) -> list[list[Source]]:
    result: list[list[Source]] = []
    for source in sources:
        for group in result:
            if (len(group) < MOST_SOURCES and sum(one.lines for one in group) + source.lines <= MOST_LINES
                    and all(source.fits(one) for one in group)):
                group.append(source)
                break
        else:
            result.append([source])
    return result


def main() -> None:
    prefix = sys.argv[1]
    written = []
    for number, group in enumerate(groups([Source(path) for path in sorted(sys.argv[2:])])):
        path = pathlib.Path(f"{prefix}{number}.cpp")
        # From common/ on, so that two clones compile the same text.
        names = (one.path.rsplit("/common/", 1)[-1] for one in group)
        text = "".join(f'#include "{name}"\n' for name in names)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        written.append(str(path))
    print(";".join(written), end="")


main()

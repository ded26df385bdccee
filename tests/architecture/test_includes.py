"""Which folder may know which is a list in docs/ARCHITECTURE.md; the #includes themselves are held against it, so that a
wrong one fails wherever it is written."""

import pathlib
import re

import pytest

# A row of the list: | `folder` ... | what it is | `folder` `folder` |
ROW = re.compile(r"^\| (`[^|]*`) \|[^|]*\| ?([^|]*)\|$")
# What every kind of resource has, under the same names.
KIND_FILES = ("kind", "source", "params", "check", "in", "explain")
# These phases run while untrusted code does, and have no business with the network.
WITHOUT_NETWORK = {"lifecycle/detect", "lifecycle/build"}
GENERATED = {"concourse/build_version.hpp", "fleet/build_version.hpp", "image/build_version.hpp"}  # by cmake/version.cmake
NETWORK = {"http", "registry", "git", "kubernetes"}

# A thread that the system refuses must not end the program: one place knows what to do then.
MAKES_THREADS = {"base/parallel.hpp", "base/parallel.cpp"}
THREAD = re.compile(r"\bstd::(j?thread|async)\b|\bpthread_create\b|\bthrd_create\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
SYSTEM_INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.MULTILINE)
NETWORK_HEADERS = re.compile(r"^(curl/|git2|sys/socket\.h|netdb\.h|netinet/|arpa/|ares)")


class Drawing:
    """The list of a document: the folders, top down, and which others each may know."""

    def __init__(self, document: pathlib.Path):
        self.may_know: dict[str, set[str]] = {}
        self.rank: dict[str, int] = {}
        rows = [match for line in document.read_text().splitlines() if (match := ROW.match(line))]
        for rank, row in enumerate(rows):
            for name in re.findall(r"`([^`]+)`", row[1]):
                assert name not in self.may_know, f"{name} stands in two rows"
                self.may_know[name] = set(re.findall(r"`([^`]+)`", row[2]))
                self.rank[name] = rank

    def upward(self) -> list[str]:
        """Arrows of the list itself that lead nowhere, or not down."""
        return [f"{name} -> {aim}" for name, aims in self.may_know.items() for aim in sorted(aims)
                if aim not in self.rank or self.rank[aim] <= self.rank[name]]


class Tree:
    """The project's sources and what each includes."""

    def __init__(self, project: pathlib.Path):
        self.includes: dict[str, list[str]] = {}
        self.system: dict[str, list[str]] = {}
        self.threads: dict[str, list[str]] = {}
        for top in ("main.cpp", "common", "check", "in", "out", "launcher"):
            for path in [project / top] if top == "main.cpp" else sorted((project / top).rglob("*.[ch]pp")):
                if not path.is_file():
                    continue
                name = str(path.relative_to(project / "common" if top == "common" else project))
                text = path.read_text()
                self.includes[name] = [self.resolve(name, target) for target in INCLUDE.findall(text)]
                self.system[name] = SYSTEM_INCLUDE.findall(text)
                code = [line.split("//")[0] for line in text.splitlines()]
                self.threads[name] = [line.strip() for line in code if THREAD.search(line)]

    @staticmethod
    def resolve(name: str, target: str) -> str:
        # A file of check, in, out or the launcher names its neighbours without a folder.
        return target if "/" in target else f"{folder(name)}/{target}"


def folder(name: str) -> str:
    return name.split("/")[0]


def wrong_arrows(tree: Tree, drawing: Drawing) -> list[str]:
    wrong = []
    for name, targets in tree.includes.items():
        for target in targets:
            source, aim = folder(name), folder(target)
            if source == aim:
                continue
            if source not in drawing.may_know:
                wrong.append(f"{name} includes {target}: {source} has no row in the list")
            elif aim not in drawing.may_know[source]:
                wrong.append(f"{name} includes {target}: {source} may not know {aim}")
    return wrong


def cycle(tree: Tree) -> list[str]:
    """The files of one include cycle, or nothing."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return []
        for target in tree.includes.get(name, []):
            found = visit(target, [*path, name])
            if found:
                return found
        done.add(name)
        return []

    for name in tree.includes:
        found = visit(name, [])
        if found:
            return found
    return []


def network_use(tree: Tree) -> list[str]:
    """How the phases without network reach it: the chain of includes, through whatever lies between."""
    found = []
    for start in tree.includes:
        if start.rsplit(".", 1)[0] not in WITHOUT_NETWORK:
            continue
        chains, seen = [[start]], {start}
        while chains:
            chain = chains.pop()
            name = chain[-1]
            headers = [header for header in tree.system.get(name, []) if NETWORK_HEADERS.match(header)]
            if folder(name) in NETWORK or headers:
                found.append(" -> ".join([*chain, *headers]))
                continue
            for target in tree.includes.get(name, []):
                if target not in seen:
                    seen.add(target)
                    chains.append([*chain, target])
    return found


def threads_made(tree: Tree) -> list[str]:
    return [f"{name}: {line}" for name, lines in tree.threads.items() if name not in MAKES_THREADS for line in lines]


@pytest.fixture(scope="module")
def tree(project):
    return Tree(project)


@pytest.fixture(scope="module")
def drawing(project):
    return Drawing(project / "docs/ARCHITECTURE.md")


def test_a_folder_knows_only_what_the_list_says(tree, drawing):
    assert wrong_arrows(tree, drawing) == []


def test_the_arrows_of_the_list_point_down(drawing):
    assert len(drawing.may_know) > 15
    assert drawing.upward() == []


def test_every_folder_has_a_row(drawing, project):
    folders = {path.name for path in (project / "common").iterdir() if path.is_dir()}
    assert folders - set(drawing.may_know) == set()


def test_a_kind_has_the_same_files_as_every_other(tree, drawing):
    kinds = drawing.may_know["kinds"] - {"concourse"}
    assert len(kinds) == 4
    lacking = [f"{kind}/{name}" for kind in sorted(kinds) for name in KIND_FILES
               for suffix in (".hpp", ".cpp") if f"{kind}/{name}{suffix}" not in tree.includes]
    assert lacking == []


def test_there_is_no_cycle(tree):
    assert cycle(tree) == []


def test_detect_and_build_use_no_network(tree):
    assert network_use(tree) == []


def test_threads_are_made_in_one_place(tree):
    assert threads_made(tree) == []
    assert all(name in tree.threads and tree.threads[name] for name in MAKES_THREADS if name.endswith(".cpp"))


def test_every_include_names_a_file(tree, project):
    lost = [f"{name}: {target}" for name, targets in tree.includes.items() for target in targets
            if target not in tree.includes and target not in GENERATED]
    assert lost == []


def test_each_rule_can_fail(tmp_path):
    def write(name: str, *targets: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [target if target.startswith("std::") else f"#include {target}" for target in targets]
        path.write_text("".join(f"{line}\n" for line in lines))

    write("common/base/a.hpp", '"base/b.hpp"', '"http/client.hpp"')
    write("common/base/b.hpp", '"base/a.hpp"')
    write("common/http/client.hpp", "<curl/curl.h>")
    write("common/git/a.hpp", '"registry/a.hpp"', "std::async(work); // at once", "std::this_thread::yield();")
    write("common/lifecycle/detect.cpp", '"base/b.hpp"')
    write("launcher/main.cpp", '"json/value.hpp"')
    write("common/odd/a.hpp", '"base/a.hpp"')
    write("main.cpp", '"in/in.hpp"')
    list_of_folders = tmp_path / "LIST.md"
    list_of_folders.write_text("| folder | what it is | may know |\n|---|---|---|\n| `launcher` | small | `base` |\n"
                               "| `git` `lifecycle` | two | `base` |\n| `base` | lowest | `git` `none` |\n| `http` | low | |\n")
    drawing = Drawing(list_of_folders)
    tree = Tree(tmp_path)
    assert [text.split(": ")[0] for text in wrong_arrows(tree, drawing)] == [
        "main.cpp includes in/in.hpp", "base/a.hpp includes http/client.hpp", "git/a.hpp includes registry/a.hpp",
        "odd/a.hpp includes base/a.hpp", "launcher/main.cpp includes json/value.hpp"]
    assert drawing.upward() == ["base -> git", "base -> none"]
    assert cycle(tree) == ["base/a.hpp", "base/b.hpp", "base/a.hpp"]
    chain = "lifecycle/detect.cpp -> base/b.hpp -> base/a.hpp -> http/client.hpp -> curl/curl.h"
    assert network_use(tree) == [chain]
    assert threads_made(tree) == ["git/a.hpp: std::async(work);"]

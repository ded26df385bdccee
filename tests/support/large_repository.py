"""A repository as large as asked for, made by git fast-import in seconds per 10,000 commits: files several folders deep,
merges, tags, and the packs, bitmaps and commit graph that hosting services keep. The same size gives the same commits.

    large = make_large_repository(directory / "large.git", Size(commits=100_000, files=10_000, tags=1_000))
    large.git("rev-parse", "main~10")
"""

import dataclasses
import pathlib
import random
import subprocess
from collections.abc import Iterator

from support.git_server import ENVIRONMENT, git

START = 1_500_000_000
MERGED_EVERY = 50  # a side branch of SIDE commits ends in every so many commits of main
SIDE = 3
WORDS = ("alpha", "buffer", "cursor", "daemon", "editor", "fiber", "gateway", "header", "index", "journal", "kernel", "lookup",
         "module", "number", "object", "parser", "queue", "render", "server", "thread", "update", "vector", "window", "yield")


@dataclasses.dataclass(frozen=True)
class Size:
    commits: int
    files: int
    tags: int

    def path(self, number: int) -> str:
        """Of a file: 50 in a folder, 10 folders in a module."""
        folder, file = divmod(number, 50)
        module, package = divmod(folder, 10)
        return f"module{module:02}/src/package{package}/file{file:02}.txt"


@dataclasses.dataclass(frozen=True)
class LargeRepository:
    path: pathlib.Path
    size: Size

    def git(self, *arguments, **options) -> str:
        return git(*arguments, directory=self.path, **options)

    def pack_size(self, tip: str, known: list[str], object_filter: str) -> int:
        """Bytes of the pack of what `tip` has and the known commits do not have, as the server would make it."""
        done = subprocess.run(["git", "pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset",
                               f"--filter={object_filter}"], cwd=self.path, env=ENVIRONMENT, check=True, capture_output=True,
                              input="\n".join([tip, *(f"^{commit}" for commit in known), ""]).encode())
        return len(done.stdout)


def make_large_repository(path: pathlib.Path, size: Size) -> LargeRepository:
    path.mkdir(parents=True)
    git("init", "--quiet", "--bare", "--initial-branch=main", directory=path)
    for name, value in {"uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true", "gc.auto": "0",
                        "pack.threads": "1"}.items():
        git("config", name, value, directory=path)
    importer = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=path, env=ENVIRONMENT, stdin=subprocess.PIPE)
    for block in stream(size):
        importer.stdin.write(block)
    importer.stdin.close()
    assert importer.wait() == 0, "git fast-import failed"
    git("repack", "-a", "-d", "--quiet", "--write-bitmap-index", directory=path)
    git("commit-graph", "write", "--reachable", directory=path)
    git("pack-refs", "--all", directory=path)
    return LargeRepository(path, size)


def stream(size: Size) -> Iterator[bytes]:
    """What fast-import reads. Marks: 1 is the first commit, and each commit's mark is its number."""
    dice = random.Random(1)
    number, branch_point = 1, 1
    yield commit("main", 1, "everything", [(size.path(i), text(dice, dice.randint(5, 120))) for i in range(size.files)])
    side_left, merging, main_tip = 0, 0, 1
    while number < size.commits:
        number += 1
        # A tenth of the files sees most of the changes.
        hot = dice.randrange(max(1, size.files // 10)) * 10 % size.files
        changes = [(size.path(hot), text(dice, 8) + f"{number}\n")]
        message = f"{dice.choice(WORDS)}: change {number}\n\n{text(dice, 2)}"
        if side_left == 0 and merging == 0 and number % MERGED_EVERY == 0:
            side_left, branch_point = SIDE, main_tip
        if side_left > 0:
            parent = branch_point if side_left == SIDE else number - 1
            yield commit("side", number, message, changes, [parent])
            side_left -= 1
            merging = number if side_left == 0 else 0
            continue
        yield commit("main", number, message, changes, [main_tip, merging] if merging else [main_tip])
        main_tip, merging = number, 0
    for i in range(size.tags):
        mark = 1 + i * (size.commits - 1) // max(1, size.tags)
        if i % 2:
            yield f"reset refs/tags/v{i}\nfrom :{mark}\n\n".encode()
        else:
            yield f"tag v{i}\nfrom :{mark}\ntagger T <t@example.com> {START + 60 * mark + 30} +0000\ndata 7\nrelease\n".encode()


def commit(branch: str, number: int, message: str, files: list[tuple[str, str]], parents: list[int] = ()) -> bytes:
    person = f"<dev{number % 40}@example.com> {START + 60 * number} +0000"
    lines = [f"commit refs/heads/{branch}", f"mark :{number}", f"author Dev {person}", f"committer Dev {person}",
             f"data {len(message)}\n{message}"]
    lines += [f"{'merge' if i else 'from'} :{parent}" for i, parent in enumerate(parents)]
    lines += [f"M 100644 inline {path}\ndata {len(content)}\n{content}" for path, content in files]
    return ("\n".join(lines) + "\n").encode()


def text(dice: random.Random, lines: int) -> str:
    return "".join(" ".join(dice.choices(WORDS, k=7)) + "\n" for _ in range(lines))

"""What a check and a get cost the git server and the network, in requests and bytes: counts, which do not depend on the
machine. The repository is large enough that a cost that grows with it would show."""

import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import time

import pytest
from support.git_server import ENVIRONMENT, GitServer, git
from support.large_repository import Size, make_large_repository
from support.program import run_program

PATHS = {"paths": ["module00/src/package4"]}
COMMIT_FILTERS = {
    "none": {},
    "paths": PATHS,
    "ignore_paths": {"ignore_paths": ["module00/src/package4", "**/file01.txt"]},
    "commit_filter": {"commit_filter": {"include": ["^queue", "change.*"], "exclude": ["nothing"]}},
}
TAG_FILTERS = {
    "tag_filter": {"tag_filter": "v*"},
    "tag_filter with branch": {"tag_filter": "v*", "branch": "main"},
    "tag_regex": {"tag_regex": "v[0-9]+"},
    "match_tag_ancestors": {"tag_filter": "v9*", "tag_behaviour": "match_tag_ancestors", "branch": "main"},
}
EXCHANGE = [("GET", "/large.git/info/refs?service=git-upload-pack"), ("POST", "/large.git/git-upload-pack")]


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    made = make_large_repository(tmp_path_factory.mktemp("served") / "large.git", Size(commits=3000, files=1000, tags=100))
    made.git("branch", "moving", "main~10")
    return made


@pytest.fixture(scope="module")
def server(large):
    with GitServer(large.path.parent) as running:
        yield running


class Counted:
    """The answer of a program, what it asked the server for, and the bytes that came back."""

    def __init__(self, result, log: list[str]):
        self.answer = result.answer
        parts = [line.split(" ") for line in log]
        assert all(part[2] == "200" for part in parts), log
        self.requests = [(part[0], part[1].removesuffix("?")) for part in parts]
        self.sizes = [0 if part[3] == "-" else int(part[3]) for part in parts]
        self.bytes = sum(self.sizes)
        self.beyond = sum(self.sizes[2:])  # the exchange that every check has


@pytest.fixture
def run(programs, server, tmp_path):
    """run("check", {...source}, version=..., params=...): in a container whose /tmp lasts for the test."""
    def counted(program: str, source: dict, version=None, params=None, destination=None) -> Counted:
        request = {"source": {"uri": server.url("large"), "branch": "main", **source}}
        if version:
            request["version"] = {"ref": version} if isinstance(version, str) else version
        if params:
            request["params"] = params
        before = len(server.requests())
        result = run_program(programs, program, request, *([destination] if destination else []), env={"TMPDIR": str(tmp_path)})
        return Counted(result, server.requests()[before:])
    return counted


def forget(tmp_path) -> None:
    for path in tmp_path.iterdir():
        path.unlink() if path.is_file() else shutil.rmtree(path)


@pytest.mark.parametrize("source", COMMIT_FILTERS.values(), ids=COMMIT_FILTERS)
def test_an_unchanged_head_costs_one_exchange_with_every_filter(large, run, source):
    head = large.git("rev-parse", "main")
    first = run("check", source, head)
    assert first.answer == ([] if source == PATHS else [{"ref": head}])
    check = run("check", source, head)
    assert check.answer == first.answer
    assert check.requests == EXCHANGE
    assert check.bytes < 500


def test_a_new_container_asks_once_whether_the_known_head_passes(large, run, tmp_path):
    head = large.git("rev-parse", "main")
    assert run("check", {"disable_ci_skip": True}, head).requests == EXCHANGE
    for source in ({}, COMMIT_FILTERS["commit_filter"]):
        check = run("check", source, head)
        assert check.requests == [*EXCHANGE, EXCHANGE[1]]
        assert check.beyond < 1000


@pytest.mark.parametrize("source", TAG_FILTERS.values(), ids=TAG_FILTERS)
def test_unchanged_tags_cost_one_exchange_once_they_were_examined(run, source):
    source = {"branch": "", **source}
    newest = run("check", source).answer[-1]
    check = run("check", source, newest)
    assert check.answer == [newest]
    assert check.requests == EXCHANGE


def test_a_first_check_costs_less_than_two_kilobytes_without_path_filters(large, run, tmp_path):
    for source in ({}, COMMIT_FILTERS["commit_filter"]):
        assert run("check", source).answer == [{"ref": large.git("rev-parse", "main")}]
        forget(tmp_path)
        assert run("check", source).bytes < 2000


@pytest.mark.parametrize("count", [10, 1000])
@pytest.mark.parametrize(("source", "object_filter"), [({}, "tree:0"), (PATHS, "blob:none")], ids=["none", "paths"])
def test_new_commits_cost_what_their_pack_does(large, run, count, source, object_filter):
    """In a new container, which has to look at the known commit, too."""
    known = large.git("rev-parse", f"main~{count}")
    check = run("check", source, known)
    if not source:
        chain = large.git("rev-list", "--first-parent", f"{known}..main").split()
        assert [version["ref"] for version in check.answer] == [known, *reversed(chain)]
        assert len(check.requests) == 4
    parents = large.git("rev-parse", f"{known}^@").split()
    assert check.beyond <= 1.2 * large.pack_size("main", parents, object_filter)


def test_an_older_version_costs_one_exchange_while_the_head_stands(large, run):
    known = run("check", PATHS).answer[-1]
    assert known["ref"] != large.git("rev-parse", "main")
    run("check", PATHS, known)
    check = run("check", PATHS, known)
    assert check.answer == [known]
    assert check.requests == EXCHANGE


def test_a_moved_head_is_fetched_from_the_one_examined_before(large, run):
    source = {"branch": "moving", **PATHS}
    before = large.git("rev-parse", "moving")
    known = large.git("rev-parse", "moving~1000")
    assert len(run("check", source, known).answer) > 1
    newest = run("check", source, known).answer[-1]
    large.git("branch", "-f", "moving", "main")
    try:
        check = run("check", source, newest)
    finally:
        large.git("branch", "-f", "moving", before)
    assert check.beyond <= 1.2 * large.pack_size("main", [before], "blob:none")


@pytest.mark.parametrize("damage", [lambda text: text[:-7], lambda text: text.replace(b'"ref"', b'"rev"'), lambda _: b""],
                         ids=["cut", "altered", "empty"])
def test_a_torn_memory_costs_examining_again_once(large, run, tmp_path, damage):
    known = run("check", PATHS).answer[-1]
    run("check", PATHS, known)
    [memory] = tmp_path.glob("build-service-check-*")
    memory.write_bytes(damage(memory.read_bytes()))
    again = run("check", PATHS, known)
    assert again.answer == [known]
    assert len(again.requests) > 2
    assert run("check", PATHS, known).requests == EXCHANGE


def test_ten_new_commits_cost_what_their_pack_does_in_the_container_that_knows_them(large, run):
    before = large.git("rev-parse", "moving")
    run("check", {"branch": "moving"}, before)
    large.git("branch", "-f", "moving", "main")
    try:
        check = run("check", {"branch": "moving"}, before)
    finally:
        large.git("branch", "-f", "moving", before)
    assert len(check.answer) > 10 and check.answer[0] == {"ref": before}
    assert len(check.requests) == 3
    assert check.beyond <= 1.2 * large.pack_size("main", [before], "tree:0")


def test_news_with_paths_take_a_round_trip_for_each_level_of_trees(large, run, tmp_path):
    """The commits with their trees; the known commit with its parent and their root trees; what those lead to."""
    known = large.git("rev-parse", "main~10")
    for paths, requests in ((["module00"], 4), (["module00/*"], 4), (["module00/src"], 5), (["module00/src/package4"], 6)):
        forget(tmp_path)
        assert len(run("check", {"paths": paths}, known).requests) <= requests


def test_trees_are_fetched_as_deep_as_the_patterns_only(large, run):
    known = large.git("rev-parse", "main~1000")
    assert run("check", {"paths": ["module00"]}, known).beyond < 0.7 * large.pack_size("main", [known], "blob:none")


def test_a_first_check_with_paths_asks_for_trees_by_levels(large, run):
    """Capabilities, refs; then for each look the commits with their root trees, and two more levels of trees."""
    newest = large.git("rev-list", "--first-parent", "-1", "main", "--", PATHS["paths"][0])
    distance = int(large.git("rev-list", "--first-parent", "--count", f"{newest}..main")) + 1
    looks = 1 if distance <= 16 else 2 if distance <= 80 else 3
    check = run("check", PATHS)
    assert check.answer == [{"ref": newest}]
    assert len(check.requests) <= 2 + 3 * looks


@pytest.fixture(scope="module")
def with_files_above(large):
    """500 news of which each changes a large file of the root and one two levels down, and few what lies three levels down."""
    content = " ".join(f"{i * 7919 % 100003}" for i in range(4000))
    stream = []
    for i in range(500):
        stream.append(f"commit refs/heads/above\ncommitter A <a@example.com> {1_800_000_000 + i} +0000\ndata 4\nnews\n"
                      + ("from refs/heads/main\n" if i == 0 else ""))
        changed = {"CHANGES": f"{i} {content}", f"module0{i % 2}/notes{i}": f"{i} {content[:2000]}"}
        if i % 100 == 50:
            changed["module00/src/package4/file01.txt"] = f"{i}"
        stream += [f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in changed.items()]
    subprocess.run(["git", "fast-import", "--quiet"], input="".join(stream).encode(), cwd=large.path, env=ENVIRONMENT, check=True)
    return large


def test_files_above_the_depth_of_a_pattern_do_not_come(with_files_above, run):
    large = with_files_above
    known = large.git("rev-parse", "main")
    check = run("check", {"branch": "above", **PATHS}, known)
    assert len(check.answer) == 5
    trees = large.pack_size("above", [known], "blob:none")
    assert large.pack_size("above", [known], "tree:3") > 3 * trees  # what there would be to save
    assert check.beyond <= 1.2 * trees
    assert len(check.requests) <= 6


def test_a_server_that_combines_no_filters_is_asked_for_trees_alone_and_not_again(with_files_above, run, tmp_path):
    large = with_files_above
    known = large.git("rev-parse", "main")
    large.git("config", "uploadpackfilter.combine.allow", "false")
    try:
        check = run("check", {"branch": "above", **PATHS}, known)
        large.git("branch", "-f", "above-moving", "above~1")
        run("check", {"branch": "above-moving", **PATHS}, known)
        large.git("branch", "-f", "above-moving", "above")
        again = run("check", {"branch": "above-moving", **PATHS}, known)
    finally:
        large.git("config", "--unset", "uploadpackfilter.combine.allow")
    assert len(check.answer) == 5
    assert check.beyond <= 1.2 * large.pack_size("above", [known], "blob:none")
    refusal = 100  # bytes, at most: an ERR packet
    assert sum(size < refusal for size in check.sizes[2:]) == 1
    assert sum(size < refusal for size in again.sizes[2:]) == 0


@pytest.mark.parametrize(("path", "levels", "found"), [
    ("module01/src/package9/file49.txt", 4, 1), ("module01/src/nowhere", 3, 0), ("nowhere", 1, 0)])
def test_a_first_check_for_a_rare_path_takes_few_looks(large, run, path, levels, found):
    """3,000 commits back: 16, 64, 256, 1,024 and the rest, each with the root trees, and a round trip for each further level."""
    check = run("check", {"paths": [path]})
    assert len(check.answer) == found
    assert len(check.requests) <= 2 + 5 * levels
    # Hardly more than the whole history with all of its trees once.
    assert check.beyond <= 1.1 * large.pack_size("main", [], "blob:none")


def test_the_number_of_tags_does_not_count_in_requests(run):
    for source in TAG_FILTERS.values():
        first = run("check", {"branch": "", **source, "version_depth": 1000})
        assert len(first.answer) > 10
        assert len(first.requests) <= 5


@pytest.fixture(scope="module")
def bushy(tmp_path_factory):
    """Each of 250 commits of main merges eight commits that began twelve commits earlier."""
    path = tmp_path_factory.mktemp("served") / "bushy.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", path, directory=path.parent)
    for name in ("allowFilter", "allowAnySHA1InWant"):
        git("config", f"uploadpack.{name}", "true", directory=path)
    stream, marks, when = [], itertools.count(1), itertools.count(1_700_000_000)

    def commit(branch: str, path: str, parents: list[int]) -> int:
        mark = next(marks)
        stream.append(f"commit refs/heads/{branch}\nmark :{mark}\ncommitter A <a@example.com> {next(when)} +0000\ndata 1\nx\n")
        stream.append("".join(f"{'from' if i == 0 else 'merge'} :{parent}\n" for i, parent in enumerate(parents)))
        stream.append(f"M 100644 inline {path}\ndata {len(str(mark))}\n{mark}\n")
        return mark

    main = [commit("main", "top", [])]
    for i in range(250):
        side = main[max(0, i - 12)]
        for _ in range(8):
            side = commit("side", f"side/{i}", [side])
        main.append(commit("main", "wanted" if i in (20, 140) else "top", [main[-1], side]))
    subprocess.run(["git", "fast-import", "--quiet"], input="".join(stream).encode(), cwd=path, env=ENVIRONMENT, check=True)
    git("branch", "-D", "side", directory=path)
    return path


@pytest.mark.parametrize(("depth", "part"), [(1, 0.7), (2, 1)])
def test_a_history_of_merges_is_followed_along_its_line(bushy, programs, tmp_path, depth, part):
    wanted = git("rev-list", "--first-parent", "--reverse", f"-{depth}", "main", "--", "wanted", directory=bushy).split()
    with GitServer(bushy.parent) as running:
        request = {"source": {"uri": running.url("bushy"), "paths": ["wanted"], "version_depth": depth}}
        result = run_program(programs, "check", request, env={"TMPDIR": str(tmp_path)})
        sizes = [int(line.rsplit(" ", 1)[1]) for line in running.requests()]
    assert result.answer == [{"ref": ref} for ref in wanted]
    whole = len(subprocess.run(["git", "pack-objects", "--revs", "--stdout", "--quiet", "--filter=tree:0"], input=b"main\n",
                               cwd=bushy, env=ENVIRONMENT, capture_output=True, check=True).stdout)
    assert sum(sizes) < part * whole
    assert len(sizes) < 40


def test_deepening_sends_nothing_twice(large, run):
    number = 150
    chain = large.git("rev-list", "--first-parent", "main").split()
    message = large.git("log", "-1", "--format=%s", chain[number])
    check = run("check", {"commit_filter": {"include": [f"^{message}$"]}})
    assert check.answer == [{"ref": chain[number]}]
    # 1, 33, 161 commits deep; asked for anew each time it would be a fifth more than the last.
    deepest = chain[160]
    assert check.bytes <= 1.3 * large.pack_size("main", [deepest], "tree:0")


def test_deepening_is_as_frugal_on_a_connection_that_lasts(large, programs, tmp_path):
    """By a git-upload-pack process, as over ssh. Its output is counted on the way."""
    (tools := tmp_path / "bin").mkdir()
    counter = tools / "git-upload-pack"
    program = shutil.which("git-upload-pack")
    counter.write_text(f'#!/bin/bash\n{program} "$@" | tee -a {tmp_path}/sent\n')
    counter.chmod(0o755)
    chain = large.git("rev-list", "--first-parent", "main").split()
    message = large.git("log", "-1", "--format=%s", chain[150])
    request = {"source": {"uri": str(large.path), "commit_filter": {"include": [f"^{message}$"]}}}
    result = run_program(programs, "check", request, env={"TMPDIR": str(tmp_path), "PATH": f"{tools}:{os.environ['PATH']}"})
    assert result.answer == [{"ref": chain[150]}]
    assert (tmp_path / "sent").stat().st_size <= 1.3 * large.pack_size("main", [chain[160]], "tree:0")


def test_a_shallow_checkout_costs_what_a_shallow_clone_does(large, server, run, tmp_path):
    head = large.git("rev-parse", "main")
    get = run("in", {}, head, {"depth": 1}, tmp_path / "destination")
    before = len(server.requests())
    git("clone", "--quiet", "--depth=1", server.url("large"), tmp_path / "clone", directory=tmp_path)
    clone = sum(int(line.rsplit(" ", 1)[1]) for line in server.requests()[before:])
    assert get.bytes <= 1.02 * clone
    assert len(get.requests) == 3
    files = subprocess.run(["git", "ls-files"], cwd=tmp_path / "destination", env=ENVIRONMENT, capture_output=True, check=True)
    assert len(files.stdout.splitlines()) == 1000
    assert json.loads((tmp_path / "destination/.git/metadata.json").read_text())[0] == {"name": "commit", "value": head}


def memory_of(process: subprocess.Popen) -> tuple[int, int]:
    """The most that was seen, in bytes: of what only this process has, and with the pages of files, which are the kernel's to
    take back."""
    own = whole = 0
    while process.poll() is None:
        with contextlib.suppress(OSError, IndexError):
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            own = max(own, int(status.split("RssAnon:")[1].split()[0]) * 1024)
            whole = max(whole, int(status.split("VmHWM:")[1].split()[0]) * 1024)
        time.sleep(0.005)
    return own, whole


@pytest.mark.release
@pytest.mark.parametrize("kind", ["whole", "delta", "converted"])
def test_a_large_file_costs_no_memory(programs, tmp_path, kind):
    size = 64 << 20
    path = tmp_path / "app.git"
    path.mkdir()
    git("init", "--quiet", "--bare", "--initial-branch=main", directory=path)
    content = random.Random(1).randbytes(1 << 20) * (size >> 20)
    tree = [f"100644 blob {git('hash-object', '-w', '--stdin', directory=path, stdin=content)}\tlarge"]
    if kind == "delta":
        tree.append(f"100644 blob {git('hash-object', '-w', '--stdin', directory=path, stdin=content + b'end')}\tsecond")
    if kind == "converted":
        attributes = git("hash-object", "-w", "--stdin", directory=path, stdin=b"* eol=crlf\n")
        tree.append(f"100644 blob {attributes}\t.gitattributes")
    made = git("mktree", directory=path, stdin=("\n".join(tree) + "\n").encode())
    who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@x", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@x"}
    commit = git("commit-tree", made, "-m", "large", directory=path, env=who)
    git("update-ref", "refs/heads/main", commit, directory=path)
    git("repack", "-adq", "--window=2", directory=path)
    destination = tmp_path / "destination"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([str(programs / "opt/resource/in"), str(destination)], stdin=subprocess.PIPE, stdout=log, stderr=log,
                                   env=ENVIRONMENT)
        process.stdin.write(json.dumps({"source": {"uri": str(path)}, "version": {"ref": commit}}).encode())
        process.stdin.close()
        memory, with_files = memory_of(process)
    assert process.returncode == 0, (tmp_path / "log").read_text()
    if kind == "whole":
        assert with_files < size // 2, "the pack is looked at through one window at a time"
    written = (destination / "large").read_bytes()
    assert written == (re.sub(rb"(?<!\r)\n", b"\r\n", content) if kind == "converted" else content)
    assert memory < 32 << 20

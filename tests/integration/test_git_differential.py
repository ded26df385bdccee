"""check against `git` itself, on histories that nobody would write: for each seed a repository of random merges, roots,
renames, messages and dates, and random filters, whose versions git's own rev-list and pathspecs must confirm."""

import os
import random
import re
import shlex
import subprocess

import pytest
from support.git_server import ENVIRONMENT, git
from support.program import run_program

FAST = int(os.environ.get("GIT_SEEDS", "40"))
SEEDS = [*range(FAST), *(pytest.param(seed, marks=pytest.mark.release) for seed in range(FAST, 500))]
NAMES = ["a", "b", "c d", "lib", "src", "Ä", "x.md", "[y]", "deep"]
PATHSPECS = ["a", "src", "lib/*", "*.md", "**/b", "c d", "src/[ab]", ":(glob)*/b", ":(icase)SRC", "deep/a/b", "[y]", "Ä/?",
             ":(glob)**/x.md", "nowhere", "src/", "*"]
PATTERNS = ["fix", "^feat", "a.b", "x*y", "\\(one\\|two\\)", "skip\\]$", "[0-9][0-9]", "two"]
WORDS = ["fix", "feat", "one", "two", "axb", "[ci skip]", "[skip ci]", "42", "[CI SKIP]", "yy"]


class History:
    """Made by fast-import, as fast as hundreds of them need."""

    def __init__(self, path, seed: int):
        self.random = random.Random(seed)
        self.path = path
        path.mkdir(parents=True)
        git("init", "--quiet", "--bare", "--initial-branch=main", directory=path)
        git("config", "uploadpack.allowFilter", "true", directory=path)
        stream, tips, number, time = [], {}, 0, 1_700_000_000
        branches = ["main", "side", "other"]
        for step in range(self.random.randint(3, 40)):
            branch = "main" if step == 0 else self.random.choice([*branches, "main", "main"])
            number += 1
            time += self.random.choice([0, 1, 60, -3600, 86400])
            message = "\n".join(" ".join(self.random.choices(WORDS, k=self.random.randint(1, 3)))
                                for _ in range(self.random.randint(1, 3)))
            stream += [f"commit refs/heads/{branch}", f"mark :{number}", f"committer C <c@x> {time} +0000",
                       f"data {len(message.encode())}", message]
            parents = []
            if branch in tips:
                parents = [tips[branch]]
            elif tips and self.random.random() < 0.8:
                parents = [self.random.choice(list(tips.values()))]
            if parents and len(tips) > 1 and self.random.random() < 0.3:
                merged = self.random.choice([tip for tip in tips.values() if tip not in parents] or [None])
                parents += [merged] if merged else []
            if parents:
                stream.append(f"from :{parents[0]}")
            stream += [f"merge :{parent}" for parent in parents[1:]]
            for _ in range(self.random.randint(0, 3)):
                path_ = "/".join(self.random.choices(NAMES, k=self.random.randint(1, 3)))
                if parents and self.random.random() < 0.25:
                    stream.append(f'D "{path_}"')
                else:
                    content = str(self.random.randint(0, 3))
                    stream += [f'M {self.random.choice(["100644", "100755"])} inline "{path_}"', f"data {len(content)}", content]
            stream.append("")
            tips[branch] = number
        for i in range(self.random.randint(0, 6)):
            stream += [f"tag v{i}", f"from :{self.random.randint(1, number)}", f"tagger T <t@x> {time + i} +0000", "data 1", "t"]
        for i in range(self.random.randint(0, 3)):
            stream += [f"reset refs/tags/w{i}", f"from :{self.random.randint(1, number)}", ""]
        git("fast-import", "--quiet", directory=path, stdin=("\n".join(stream) + "\n").encode())

    def rev_list(self, *arguments) -> list[str]:
        return git("rev-list", *arguments, directory=self.path).split()


def expected(history: History, source: dict, version: str | None) -> list[str]:
    """By git's own means: rev-list with pathspecs, and --grep for the messages."""
    paths = [*source.get("paths", ["."]), *(f":(exclude){path}" if not path.startswith(":") else path.replace(":(", ":(exclude,")
                                            for path in source.get("ignore_paths", []))]
    limit = [] if source.get("paths") is None and not source.get("ignore_paths") else ["--", *paths]
    # The paths of a commit are what differs from its first parent, wherever the span begins.
    commits = history.rev_list("--first-parent", "main", *limit)
    chain = history.rev_list("--first-parent", "main")
    if version:
        news = set(history.rev_list("main", f"^{version}")) | ({version} & set(chain))
        commits = [commit for commit in commits if commit in news]

    def grep(patterns, *options) -> set:
        if not patterns:
            return set()
        return set(history.rev_list("--all", "--basic-regexp", *options, *(f"--grep={p}" for p in patterns)))

    filter_ = source.get("commit_filter", {})
    skipped = grep(["\\[ci\\sskip\\]", "\\[skip\\sci\\]"]) if not source.get("disable_ci_skip") else set()
    included = grep(filter_.get("include", []), *(["--all-match"] if filter_.get("include_all_match") else []))
    excluded = grep(filter_.get("exclude", []), *(["--all-match"] if filter_.get("exclude_all_match") else []))
    result = [commit for commit in commits if commit not in skipped and commit not in excluded
              and (not filter_.get("include") or commit in included)]
    if not version:
        result = result[:source.get("version_depth", 1)]
    return result[::-1]


def random_source(history: History) -> dict:
    choose = history.random
    source = {}
    if choose.random() < 0.6:
        source["paths"] = choose.sample(PATHSPECS, choose.randint(1, 3))
    if choose.random() < 0.4:
        source["ignore_paths"] = choose.sample(PATHSPECS[:-1], choose.randint(1, 2))
    if choose.random() < 0.4:
        source["commit_filter"] = {
            "include": choose.sample(PATTERNS, choose.randint(0, 2)), "include_all_match": choose.random() < 0.5,
            "exclude": choose.sample(PATTERNS, choose.randint(0, 2)), "exclude_all_match": choose.random() < 0.5}
    if choose.random() < 0.3:
        source["disable_ci_skip"] = True
    if choose.random() < 0.5:
        source["version_depth"] = choose.randint(1, 50)
    return source


def check(programs, memory, source: dict, version: dict | None = None) -> list[dict]:
    memory.mkdir(exist_ok=True)
    request = {"source": source} | ({"version": version} if version else {})
    return run_program(programs, "check", request, env={"TMPDIR": str(memory)}).answer


def tag_names(history: History, *arguments) -> list[str]:
    return git("tag", "--sort=creatordate", *arguments, directory=history.path).split()


@pytest.mark.parametrize("seed", SEEDS)
def test_tagged_commits_and_their_ancestors_are_what_git_says(programs, tmp_path, seed):
    history = History(tmp_path / "app.git", seed)
    pattern = history.random.choice(["v*", "v[0-2]", "v3", "w*", "?[01]"])
    branch = history.random.choice(["main", None])
    merged = [] if branch is None else ["--merged", branch]
    tags = tag_names(history, "--list", pattern, *merged)
    source = {"uri": str(history.path), "tag_filter": pattern, "disable_ci_skip": True, "version_depth": 100} | (
        {"branch": branch} if branch else {})
    commit_of = {tag: history.rev_list("-1", tag)[0] for tag in tags}
    answer = check(programs, tmp_path / "tags", source)
    assert answer == [{"ref": tag, "commit": commit_of[tag]} for tag in tags]
    source["tag_behaviour"] = "match_tag_ancestors"
    before = set(history.rev_list(*tags)) if tags else set()
    if branch:
        chain = history.rev_list("--first-parent", "main")[::-1]
        expected = [commit for commit in chain if commit in before]
    else:
        expected = sorted({commit for tag in tags for commit in history.rev_list("--first-parent", tag)})
    found = [version["ref"] for version in check(programs, tmp_path / "ancestors", source)]
    assert (found if branch else sorted(found)) == expected
    if branch and expected:
        since = history.random.choice(expected)
        for memory in ("ancestors", "another"):
            answer = check(programs, tmp_path / memory, source, {"ref": since})
            assert [version["ref"] for version in answer] == expected[expected.index(since):]


@pytest.mark.parametrize("seed", SEEDS)
def test_versions_are_what_git_says(programs, tmp_path, seed):
    history = History(tmp_path / "app.git", seed)
    everything = history.rev_list("--all")
    for number in range(4):
        source = random_source(history)
        version = history.random.choice([None, *everything])
        (memory := tmp_path / f"memory{number}").mkdir()
        request = {"source": {"uri": str(history.path), "branch": "main", **source}}
        if version:
            request["version"] = {"ref": version}
        answer = [v["ref"] for v in run_program(programs, "check", request, env={"TMPDIR": str(memory)}).answer]
        assert answer == expected(history, source, version), (request, git("log", "--graph", "--oneline", "--all",
                                                                           directory=history.path))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_container_that_checks_again_and_again_says_what_git_says(programs, tmp_path, seed):
    """The branch goes on, is rewound, forced elsewhere and comes back, while /tmp lasts and the newest version is known."""
    history = History(tmp_path / "app.git", seed)
    choose = history.random
    line = history.rev_list("--first-parent", "main")
    git("branch", "all", "main", directory=history.path)  # every commit stays
    everything = history.rev_list("--all")
    source = {**random_source(history), "disable_ci_skip": True}
    source.pop("commit_filter", None)
    place, known, memory = len(line) - 1, None, tmp_path / "memory"
    for step in range(12):
        place = min(len(line) - 1, max(0, place - choose.choice([-2, 0, 1, 1, 2, 3, 8])))
        head = line[place] if choose.random() < 0.85 else choose.choice(everything)
        git("update-ref", "refs/heads/main", head, directory=history.path)
        answer = check(programs, memory, {"uri": str(history.path), "branch": "main", **source}, known and {"ref": known})
        wanted = expected(history, source, known)
        assert [version["ref"] for version in answer] == wanted, (step, known, head, source)
        known = wanted[-1] if wanted else known


DESCRIBE = ["--always", "--tags", "--all --always", "--tags --long", "--always --long", "--tags --first-parent", "--tags --candidates=1",
            "--tags --candidates 2", "--tags --exact-match", "--tags --abbrev=12", "--tags --abbrev=0", "--always --abbrev=5",
            "--tags --match 'v*' --exclude v1", "--all --always --match 'm*'", "--all --exclude 'v*'"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_commit_is_described_as_git_describes_it(programs, tmp_path, seed):
    history = History(tmp_path / "app.git", seed)
    for number, options in enumerate(history.random.sample(DESCRIBE, 3)):
        commit = history.random.choice(history.rev_list("main"))
        destination = tmp_path / f"checkout{number}"
        params = {"describe_ref_options": options, "fetch_tags": True, "depth": history.random.choice([0, 0, 5])}
        request = {"source": {"uri": f"file://{history.path}", "branch": "main"}, "version": {"ref": commit}, "params": params}
        assert run_program(programs, "in", request, destination).status == 0
        done = subprocess.run(["git", "describe", *shlex.split(options)], cwd=destination, env=ENVIRONMENT, capture_output=True, text=True)
        assert (destination / ".git/describe_ref").read_text() == (done.stdout or "\n"), (options, commit, done.stderr)

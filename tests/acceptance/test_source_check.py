"""check of the source kind against a real git server: which versions, what it costs, and what it says when it cannot."""

import pathlib
import shutil

import pytest
from support.certificates import Authority
from support.git_server import GitServer, Repository
from support.program import run_program


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "repositories"


@pytest.fixture
def repository(directory):
    return Repository(directory / "app.git")


@pytest.fixture
def server(directory, repository):
    with GitServer(directory) as running:
        yield running


class Checker:
    """Checks as one check container does: with a /tmp that lasts."""

    def __init__(self, programs, uri: str, memory: pathlib.Path):
        self.programs, self.uri, self.memory = programs, uri, memory
        memory.mkdir(exist_ok=True)

    def run(self, version=None, **source):
        request = {"source": {"uri": self.uri, **source}}
        if version:
            request["version"] = {"ref": version} if isinstance(version, str) else version
        return run_program(self.programs, "check", request, env={"TMPDIR": str(self.memory)})

    def __call__(self, version=None, **source) -> list:
        return self.run(version, **source).answer

    def refs(self, version=None, **source) -> list[str]:
        return [version["ref"] for version in self(version, **source)]

    def forget(self) -> None:
        shutil.rmtree(self.memory)
        self.memory.mkdir()


@pytest.fixture
def check(programs, server, tmp_path):
    return Checker(programs, server.url("app"), tmp_path / "tmp")


def commits(repository, count: int, **options) -> list[str]:
    return [repository.commit(f"change {i}", {f"dir{i}/file": f"{i}\n", "top": f"{i}\n"}, **options) for i in range(count)]


def test_the_newest_commit_is_reported_first(repository, check):
    made = commits(repository, 3)
    assert check.refs() == made[-1:]
    assert check.refs(branch="main") == made[-1:]


def test_commits_since_a_version_are_reported_with_it_and_in_order(repository, check):
    made = commits(repository, 6)
    assert check.refs(made[2]) == made[2:]
    assert check.refs(made[0]) == made
    assert check.refs(made[5]) == made[5:]


@pytest.mark.parametrize("filters", [
    {"paths": ["src"]}, {"ignore_paths": ["docs"]}, {"commit_filter": {"include": ["^src"]}}, {"commit_filter": {"exclude": ["docs"]}}, {},
], ids=["paths", "ignore_paths", "include", "exclude", "ci skip"])
def test_a_known_head_that_does_not_pass_is_not_reported(repository, server, check, filters):
    wanted = repository.commit("src", {"src/a": "1"})
    head = repository.commit("docs [ci skip]", {"docs/a": "1"})
    for _ in range(2):
        assert check.refs(head, **filters) == []
    before = len(server.requests())
    assert check.refs(head, **filters) == []
    assert len(server.requests()) - before == 2  # what was examined is remembered
    assert check.refs(wanted, **filters) == [wanted]
    after = repository.commit("src again", {"src/a": "2"})
    assert check.refs(head, **filters) == [after]
    assert check.refs(head, disable_ci_skip=True) == [head, after]


def test_a_known_tag_that_does_not_pass_is_a_place_in_their_order(repository, check):
    for number, path in enumerate(["src", "docs", "src", "docs"]):
        repository.commit(f"{number}", {f"{path}/a": f"{number}"})
        repository.tag(f"v{number}", repository.tip("main"), "annotated")
    filters = {"tag_filter": "v*", "paths": ["src"]}
    assert check.refs({"ref": "v0"}, **filters) == ["v0", "v2"]
    for _ in range(2):
        assert check.refs({"ref": "v1"}, **filters) == ["v2"]
        assert check.refs({"ref": "v3"}, **filters) == []
    assert check.refs(**filters) == ["v2"]


def told(result) -> str:
    """What a check says of its answer."""
    return result.stderr.rstrip().splitlines()[-1].split(": ", 1)[1]


def test_what_a_check_says(repository, check, golden):
    made = [repository.commit(subject, {f"src/{subject}": "1"}) for subject in ("Begin", "Say Hello", "Say Goodbye")]
    names = {commit[:7]: f"<{subject}>" for commit, subject in zip(made, ("begin", "hello", "goodbye"), strict=True)}

    def say(*arguments, **source):
        text = told(check.run(*arguments, **source))
        for name, shown in names.items():
            text = text.replace(name, shown)
        golden(text)

    say()
    say(made[1])
    say(made[0])
    say(made[2])
    say("1" * 40)
    say(made[0], paths=["docs"])
    say(paths=["docs"])
    repository.git("update-ref", "refs/heads/main", made[1])
    say(made[2])
    say(made[2])  # from what the first one remembers
    repository.git("tag", "v1", made[0])
    repository.git("tag", "v2", made[1])
    say({"ref": "v1"}, tag_filter="v*")


def test_version_depth_applies_to_the_first_check_alone(repository, check):
    made = commits(repository, 6)
    assert check.refs(version_depth=4) == made[2:]
    assert check.refs(version_depth=40) == made
    assert check.refs(made[1], version_depth=2) == made[1:]


def test_unknown_versions_give_the_newest(repository, check):
    made = commits(repository, 3)
    assert check.refs("1" * 40) == made[-1:]
    assert check.refs("1" * 40, version_depth=2) == made[-2:]
    assert check.refs("v1.0") == made[-1:]


def test_an_unchanged_head_costs_one_exchange(repository, server, check):
    made = commits(repository, 3)
    for filters in ({"disable_ci_skip": True}, {}, {"paths": ["dir2"]}, {"ignore_paths": ["x"]}, {"commit_filter": {"include": ["e 2"]}}):
        if "disable_ci_skip" not in filters:  # a new container looks once whether the head passes
            assert check.refs(made[2], **filters) == [made[2]]
        before = len(server.requests())
        assert check.refs(made[2], **filters) == [made[2]]
        assert len(server.requests()) - before == 2  # the capabilities and ls-refs


def test_paths_and_ignore_paths_choose_commits(repository, check):
    made = commits(repository, 6)
    assert check.refs(paths=["dir2"]) == [made[2]]
    assert check.refs(made[1], paths=["dir2", "dir4/*"]) == [made[2], made[4]]
    assert check.refs(made[0], paths=["dir[35]/file"]) == [made[3], made[5]]
    only_docs = repository.commit("docs", {"docs/a b.txt": "x"})
    assert check.refs(made[5], ignore_paths=["docs"]) == [made[5]]
    assert check.refs(made[5], paths=["docs/a b.txt"]) == [only_docs]
    assert check.refs(made[5], paths=["**/*.txt"], ignore_paths=["docs/*"]) == []
    assert check.refs(paths=["nowhere"]) == []


def test_a_known_version_is_reported_only_when_it_passes(repository, check):
    made = commits(repository, 4)
    assert check.refs(made[1], paths=["dir1", "dir3"]) == [made[1], made[3]]
    assert check.refs(made[1], paths=["dir3"]) == [made[3]]


def test_a_removed_or_moved_file_is_a_change_of_its_path(repository, check):
    first = repository.commit("add", {"a/x": "1", "b/y": "2"})
    removed = repository.commit("remove", {"a/x": None})
    moved = repository.commit("move", {"b/y": None, "c/y": "2"})
    mode = repository.commit("mode", {"c/y": ("100755", "2")})
    assert check.refs(first, paths=["a"]) == [first, removed]
    assert check.refs(first, paths=["b"]) == [first, moved]
    assert check.refs(first, paths=["c/y"]) == [moved, mode]


def test_merges_are_followed_along_first_parents(repository, check):
    first = repository.commit("one", {"a": "1"})
    repository.git("update-ref", "refs/heads/side", first)
    side = repository.commit("side", {"b": "1"}, branch="side")
    second = repository.commit("two", {"a": "2"})
    merge = repository.commit("merge", {"b": "1"}, parents=[second, side])
    assert check.refs(first) == [first, second, merge]
    # The merged commit as a version: what the branch has that it had not.
    assert check.refs(side) == [second, merge]
    assert check.refs(first, paths=["b"]) == [merge]


def test_commits_can_be_skipped_and_filtered_by_message(repository, check):
    first = repository.commit("feat: one")
    repository.commit("docs [ci skip]")
    repository.commit("docs\n\nlonger [skip ci] text")
    fix = repository.commit("fix: two")
    last = repository.commit("docs [ci skip] again")
    assert check.refs() == [fix]
    assert check.refs(first) == [first, fix]
    assert check.refs(disable_ci_skip=True) == [last]
    assert check.refs(first, commit_filter={"include": ["^feat", "^fix"]}) == [first, fix]
    assert check.refs(first, commit_filter={"exclude": ["^fix"]}) == [first]
    assert check.refs(first, commit_filter={"include": ["fix", "two"], "include_all_match": True}) == [fix]
    assert check.refs(first, commit_filter={"exclude": ["fix", "nine"], "exclude_all_match": True}) == [first, fix]


def test_a_commit_filter_is_no_command(repository, check, tmp_path):
    made = repository.commit("x")
    trap = tmp_path / "trap"
    assert check.refs(commit_filter={"exclude": [f"$(touch {trap})", f"`touch {trap}`", f'"; touch {trap}; "']}) == [made]
    assert not trap.exists()


def test_force_pushes_give_what_came_since_the_fork(repository, check):
    made = commits(repository, 3)
    old = repository.commit("will be amended", {"x": "1"})
    repository.git("update-ref", "refs/heads/main", made[2])
    amended = repository.commit("amended", {"x": "2"})
    after = repository.commit("after", {"x": "3"})
    assert check.refs(old) == [amended, after]
    check.forget()
    assert check.refs(old, paths=["x"]) == [amended, after]


def test_an_amended_first_commit_is_news(repository, check):
    old = repository.commit("first", {"x": "1"})
    repository.git("update-ref", "-d", "refs/heads/main")
    new = repository.commit("first, better", {"x": "2"})
    assert check.refs(old) == [new]


def test_several_roots_and_odd_dates_change_nothing(repository, check):
    first = repository.commit("one", {"a": "1"})
    repository.clock -= 1_000_000
    second = repository.commit("two, long ago", {"a": "2"})
    other_root = repository.commit("other root", {"b": "1"}, branch="other", parents=[])
    repository.clock += 2_000_000
    merge = repository.commit("merge", {"b": "1"}, parents=[second, other_root])
    assert check.refs(first) == [first, second, merge]
    assert check.refs(version_depth=10) == [first, second, merge]
    assert check.refs(paths=["b"]) == [merge]


def test_the_memory_of_a_check_saves_examining_again(repository, server, check):
    made = commits(repository, 5)
    assert check.refs(made[1], paths=["dir1", "dir3"]) == [made[1], made[3]]
    before = len(server.requests())
    assert check.refs(made[1], paths=["dir1", "dir3"]) == [made[1], made[3]]
    assert check.refs(made[3], paths=["dir1", "dir3"]) == [made[3]]
    assert len(server.requests()) - before == 2 * 2
    more = repository.commit("more", {"dir3/file": "x"})
    assert check.refs(made[3], paths=["dir1", "dir3"]) == [made[3], more]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"0" * 64 + b"\n{}\n", b"\xff\xfe"])
def test_a_damaged_memory_is_dropped(repository, check, damage):
    made = commits(repository, 3)
    assert check.refs(made[0]) == made
    files = list(check.memory.iterdir())
    assert len(files) == 1
    files[0].write_bytes(damage)
    assert check.refs(made[0]) == made
    files[0].write_text(files[0].read_text().replace(made[1], "2" * 40))
    assert check.refs(made[0]) == made


def test_a_stale_memory_is_noticed(repository, check):
    made = commits(repository, 4)
    assert check.refs(made[1]) == made[1:]
    repository.git("update-ref", "refs/heads/main", made[2])
    other = repository.commit("instead", {"x": "1"})
    assert check.refs(made[1]) == [made[1], made[2], other]


def test_tags_are_versions_by_their_date(repository, check):
    made = commits(repository, 5)
    repository.tag("v1.0", made[0])
    repository.tag("v1.1", made[2], "annotated later")
    repository.tag("other", made[3])
    repository.tag("v2.0", made[4])
    versions = [{"ref": "v1.0", "commit": made[0]}, {"ref": "v2.0", "commit": made[4]}, {"ref": "v1.1", "commit": made[2]}]
    assert check(tag_filter="v*") == versions[-1:]
    assert check(tag_filter="v*", version_depth=5) == versions
    assert check(versions[0], tag_filter="v*") == versions
    assert check("v2.0", tag_filter="v*") == versions[1:]
    assert check(tag_regex="v[0-9]+[.]0") == versions[1:2]
    assert check(tag_regex="v[0-9]", version_depth=5) == []
    assert check(tag_filter="nothing*") == []


def test_tags_are_bound_to_the_branch(repository, check):
    made = commits(repository, 3)
    repository.git("update-ref", "refs/heads/side", made[1])
    side = repository.commit("side", {"s": "1"}, branch="side")
    repository.tag("v1", made[1])
    repository.tag("v2", side)
    repository.tag("v3", made[2], "annotated")
    assert [v["ref"] for v in check(tag_filter="v*", version_depth=9, branch="main")] == ["v1", "v3"]
    assert [v["ref"] for v in check(tag_filter="v*", version_depth=9, branch="side")] == ["v1", "v2"]
    assert [v["ref"] for v in check(tag_filter="v*", version_depth=9)] == ["v1", "v2", "v3"]


def test_other_filters_hold_for_tags_too(repository, check):
    made = commits(repository, 4)
    skipped = repository.commit("no [ci skip]", {"dir1/file": "x"})
    for i, commit in enumerate([*made, skipped]):
        repository.tag(f"v{i}", commit)
    assert [v["ref"] for v in check(tag_filter="v*", version_depth=9, paths=["dir1", "dir3"])] == ["v1", "v3"]
    assert [v["ref"] for v in check(tag_filter="v*", version_depth=9)] == ["v0", "v1", "v2", "v3"]


def test_deleted_tags_are_not_reported_and_moved_ones_are_news(repository, server, check):
    made = commits(repository, 3)
    for i, commit in enumerate(made):
        repository.tag(f"v{i}", commit)
    assert [v["ref"] for v in check("v0", tag_filter="v*")] == ["v0", "v1", "v2"]
    before = len(server.requests())
    assert [v["ref"] for v in check("v2", tag_filter="v*")] == ["v2"]
    assert len(server.requests()) - before == 2
    repository.git("tag", "-d", "v1")
    assert [v["ref"] for v in check("v0", tag_filter="v*")] == ["v0", "v2"]
    repository.git("tag", "-f", "v2", made[0])
    assert check("v2", tag_filter="v*") == [{"ref": "v2", "commit": made[0]}]


def test_ancestors_of_tags_are_versions(repository, check):
    made = commits(repository, 5)
    repository.tag("v1", made[1])
    repository.tag("v2", made[3])
    options = {"tag_filter": "v*", "tag_behaviour": "match_tag_ancestors"}
    for branch in ({}, {"branch": "main"}):
        assert check.refs(version_depth=9, **branch, **options) == made[:4]
        assert check.refs(made[2], **branch, **options) == made[2:4]
        assert check.refs(**branch, **options) == [made[3]]
        assert check.refs(version_depth=9, paths=["dir0", "dir4"], **branch, **options) == made[:1]


def test_ancestors_of_tags_follow_the_tags_of_the_branch(repository, server, check):
    made = commits(repository, 3)
    repository.git("update-ref", "refs/heads/side", made[0])
    side = repository.commit("side", {"s": "1"}, branch="side")
    options = {"tag_filter": "v*", "tag_behaviour": "match_tag_ancestors", "branch": "main", "version_depth": 9}
    assert check.refs(**options) == []
    before = len(server.requests())
    assert check.refs(**options) == []
    assert len(server.requests()) - before == 2
    repository.tag("v1", side)  # not on the branch
    assert check.refs(**options) == []
    merge = repository.commit("merge", {"s": "1"}, parents=[made[2], side])
    assert check.refs(**options) == made[:1]  # what the merged tag has of the branch
    repository.tag("v2", made[1])
    assert check.refs(made[0], **options) == made[:2]
    repository.tag("other", merge)
    assert check.refs(made[1], **options) == made[1:2]
    repository.tag("v3", merge, "annotated")
    assert check.refs(made[1], **options) == [*made[1:], merge]
    repository.git("tag", "-d", "v3")
    assert check.refs(made[0], **options) == made[:2]


def test_an_empty_repository_has_no_versions(repository, check):
    assert check() == []
    assert check(tag_filter="v*") == []


def test_a_missing_branch_is_an_error_that_names_the_others(repository, check, server):
    commits(repository, 1)
    result = check.run(branch="mian")
    assert result.status == 1 and result.stdout == ""
    assert result.error == (f"cannot find branch mian in {server.url('app')}: there is no such branch (it has main); "
                            "check source.branch: did you mean main?")


def test_a_repository_with_sha256_names_is_refused(directory, programs, check, server):
    other = directory / "sha256.git"
    import subprocess
    subprocess.run(["git", "init", "--quiet", "--bare", "--object-format=sha256", str(other)], check=True)
    result = run_program(programs, "check", {"source": {"uri": server.url("sha256")}})
    assert result.status == 1
    assert "its object names are sha256; use a repository with SHA-1 names" in result.error


def test_credentials_are_used_and_never_shown(directory, repository, programs, tmp_path):
    made = commits(repository, 1)
    with GitServer(directory, user="ann", password="geheim4711") as server:
        uri = server.url("app")
        inside = uri.replace("http://", "http://ann:geheim4711@")
        for source in ({"uri": uri, "username": "ann", "password": "geheim4711"}, {"uri": inside}):
            result = run_program(programs, "check", {"source": {**source, "debug": True}}, env={"TMPDIR": str(tmp_path)})
            assert result.answer == [{"ref": made[0]}]
            assert "geheim4711" not in result.stderr
        for source, remedy in (({"uri": uri}, "give source.username and source.password"),
                               ({"uri": uri, "username": "ann", "password": "wrong4711"},
                                "check source.username and source.password")):
            result = run_program(programs, "check", {"source": source})
            assert result.status == 1 and result.stdout == ""
            assert result.error == f"cannot read {uri}: HTTP status 401 Unauthorized; {remedy}"
        for file in tmp_path.rglob("build-service-*"):
            assert b"geheim4711" not in file.read_bytes()


def test_tls_is_verified_against_own_certificates(directory, repository, programs, tmp_path):
    made = commits(repository, 1)
    authority = Authority(tmp_path / "ca")
    with GitServer(directory, authority=authority) as server:
        source = {"uri": server.url("app")}
        result = run_program(programs, "check", {"source": source})
        assert result.status == 1 and "certificate" in result.error
        trusted = {**source, "ca_certs": [authority.certificate.read_text()]}
        assert run_program(programs, "check", {"source": trusted}).answer == [{"ref": made[0]}]
        careless = {**source, "skip_ssl_verification": True}
        assert run_program(programs, "check", {"source": careless}).answer == [{"ref": made[0]}]
        result = run_program(programs, "check", {"source": source}, env={"SSL_CERT_FILE": str(authority.certificate)})
        assert result.answer == [{"ref": made[0]}]


def test_a_local_path_is_a_repository_too(repository, programs):
    made = commits(repository, 3)
    for uri in (str(repository.path), f"file://{repository.path}"):
        assert run_program(programs, "check", {"source": {"uri": uri}, "version": {"ref": made[1]}}).answer == [
            {"ref": made[1]}, {"ref": made[2]}]
    result = run_program(programs, "check", {"source": {"uri": str(repository.path.parent / "none")}})
    assert result.status == 1 and result.error.endswith("there is no such directory; check source.uri")


def test_what_is_no_repository_gets_a_clear_error(programs, server):
    result = run_program(programs, "check", {"source": {"uri": server.url("none")}})
    assert result.status == 1 and "HTTP status 404 Not Found" in result.error

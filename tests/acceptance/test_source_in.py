"""in of the source kind against a real git server: what it leaves, and what it leaves when it fails: nothing."""

import json
import os
import shlex
import shutil
import subprocess

import pytest
from support.git_server import ENVIRONMENT, GitServer, Repository, git
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


@pytest.fixture
def destination(tmp_path):
    path = tmp_path / "destination"
    path.mkdir()
    return path


@pytest.fixture
def get(programs, server, destination):
    def run(ref, params=None, destination=destination, **source):
        version = ref if isinstance(ref, dict) else {"ref": ref}
        return run_program(programs, "in", {"source": {"uri": server.url("app"), **source}, "version": version,
                                            "params": params or {}}, destination)
    return run


def commits(repository, count: int) -> list[str]:
    return [repository.commit(f"change {i}", {f"dir{i}/file": f"{i}\n", "top": f"{i}\n"}) for i in range(count)]


def is_sound(path) -> None:
    assert git("status", "--porcelain", "--ignored", directory=path) == ""
    subprocess.run(["git", "fsck", "--strict"], cwd=path, env=ENVIRONMENT, check=True, capture_output=True)


def file(path, name: str) -> str:
    return (path / ".git" / name).read_text()


def test_a_checkout_is_a_clean_repository_with_its_history(repository, get, server, destination):
    made = commits(repository, 4)
    repository.tag("v1", made[1], "annotated")
    result = get(made[2])
    assert result.answer["version"] == {"ref": made[2]}
    is_sound(destination)
    assert (destination / "top").read_text() == "2\n" and not (destination / "dir3").exists()
    assert git("rev-list", "HEAD", directory=destination).split() == made[2::-1]
    assert git("rev-parse", "origin/main", directory=destination) == made[3]
    assert git("describe", directory=destination) == file(destination, "describe_ref").strip()
    assert git("config", "remote.origin.url", directory=destination) == server.url("app")
    with pytest.raises(AssertionError):
        git("symbolic-ref", "HEAD", directory=destination)


def test_the_files_say_what_git_says(repository, get, destination):
    commits(repository, 1)
    made = repository.commit("subject\n\nbody, ä\n", {"x": "1"}, zone="-0330")
    repository.tag("v1", made)
    repository.tag("also", made, "annotated")
    repository.git("notes", "add", "-m", "noted", made, env=repository.dates())
    answer = get(made, {"timestamp_format": "rfc2822", "short_ref_format": "r-%s"}).answer

    def log(format_: str) -> str:
        return subprocess.run(["git", "log", "-1", f"--format={format_}", "--date=rfc2822"], cwd=destination,
                              env=ENVIRONMENT, check=True, capture_output=True).stdout.decode()

    assert file(destination, "ref") == f"{made}\n"
    assert file(destination, "short_ref") == f"r-{made[:7]}"
    assert file(destination, "commit") == f"{made}\n"
    assert file(destination, "author") == "Ann Author\n"
    assert file(destination, "author_date") == log("%ai")
    assert file(destination, "committer") == "ann@example.com"
    assert file(destination, "committer_name") == "Ann Author"
    assert file(destination, "committer_date") == log("%ci")
    assert file(destination, "commit_message") == log("format:%B")
    assert file(destination, "commit_timestamp") == log("%cd")
    assert file(destination, "branch") == "main\n"
    assert file(destination, "tags") == "also,v1\n"
    assert file(destination, "url") == ""
    assert file(destination, "describe_ref") == "also\n"
    shown = {entry["name"]: entry["value"] for entry in answer["metadata"]}
    assert shown == {entry["name"]: entry["value"] for entry in json.loads(file(destination, "metadata.json"))}
    assert list(shown) == ["commit", "author", "author_date", "committer", "committer_date", "branch", "tags", "message"]
    assert git("notes", "show", made, directory=destination) == "noted"
    is_sound(destination)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_depth_fetches_only_what_it_needs(repository, get, destination, depth):
    made = commits(repository, 6)
    get(made[3], {"depth": depth}).answer
    is_sound(destination)
    assert git("rev-list", "HEAD", directory=destination).split() == made[3:3 - depth:-1]


@pytest.mark.parametrize("format_", ["relative", "human", "relative-local", "auto:short"])
def test_dates_may_be_told_from_now(repository, get, destination, format_):
    clock = repository.clock
    for number, age in enumerate([0, 86400 * 20, 86400 * 400, 86400 * 3000]):
        repository.clock = clock - age
        made = repository.commit(f"{age} seconds old", zone="+0130")
        where = destination / str(number)
        where.mkdir()
        get(made, {"timestamp_format": format_, "depth": 1}, where).answer
        told = git("log", "-1", "--format=%cd", f"--date={format_}", directory=where, env={"TZ": "UTC"})
        assert file(where, "commit_timestamp") == told + "\n"


def test_tags_and_branches_as_asked_for(repository, get, destination, tmp_path):
    made = commits(repository, 3)
    repository.git("update-ref", "refs/heads/side", made[0])
    side = repository.commit("side", {"s": "1"}, branch="side")
    repository.tag("on-main", made[1], "annotated")
    repository.tag("on-side", side)

    def seen(number, params, **source):
        path = tmp_path / f"out{number}"
        get(made[2], params, path, **source).answer
        is_sound(path)
        return set(git("for-each-ref", "--format=%(refname)", directory=path).split())

    own = {"refs/heads/main", "refs/remotes/origin/main", "refs/remotes/origin/HEAD"}
    assert seen(1, {}) == own | {"refs/tags/on-main"}
    assert seen(2, {"fetch_tags": False}) == own
    assert seen(3, {"fetch_tags": True}) == own | {"refs/tags/on-main", "refs/tags/on-side"}
    assert seen(4, {}, fetch_tags=True) == own | {"refs/tags/on-main", "refs/tags/on-side"}
    assert seen(5, {"clean_tags": True}) == own
    assert seen(6, {"all_branches": True, "fetch_tags": False}) == own | {"refs/remotes/origin/side"}
    assert seen(7, {"fetch": ["side"], "fetch_tags": False}) == own | {"refs/heads/side", "refs/remotes/origin/side"}


@pytest.mark.parametrize("options", [
    "--tags", "--tags --long", "--tags --match v1*", "--tags --match 'v1*' --match rel/*", "--tags --exclude *rc*",
    "--tags --match v* --exclude=*rc* --abbrev=12", "--always --match nothing", "--all --exclude main --exclude */main",
    "--tags --exclude rel/* --exclude v2* --first-parent",
])
@pytest.mark.parametrize("params", [{}, {"depth": 4}])
def test_descriptions_are_gits(repository, get, destination, options, params):
    made = commits(repository, 6)
    for number, name in enumerate(("v1.0", "v1.1-rc1", "rel/1", "v2.0-rc1")):
        repository.tag(name, made[number + 1])
    result = get(made[5], {"describe_ref_options": options, "fetch_tags": True, **params})
    described = subprocess.run(["git", "describe", *shlex.split(options)], cwd=destination, env=ENVIRONMENT, capture_output=True,
                               text=True)
    assert result.status == 0, result.stderr
    assert file(destination, "describe_ref") == (described.stdout or "\n")
    assert not list((destination / ".git").glob("describe*.*")) and not list((destination / ".git").glob("*describe-*"))


def test_a_tag_version_is_checked_out_at_its_commit(repository, get, destination):
    made = commits(repository, 3)
    repository.tag("v1", made[2])
    result = get({"ref": "v1", "commit": made[1]}, tag_filter="v*")
    assert result.answer["version"] == {"ref": "v1", "commit": made[1]}
    assert git("rev-parse", "HEAD", directory=destination) == made[1]
    assert file(destination, "ref") == "v1\n" and file(destination, "short_ref") == "v1"


@pytest.mark.parametrize("any_object", ["true", "false"])
@pytest.mark.parametrize("protocol", ["0", "2"])
def test_remote_refs_are_searched_for_the_version(repository, directory, programs, destination, any_object, protocol):
    """As Gerrit's refs/changes and the pull requests of GitHub: on no branch, and their earlier commits on no ref at all."""
    made = commits(repository, 2)
    repository.git("update-ref", "refs/heads/change", made[0])
    first = repository.commit("first", {"c": "1"}, branch="change")
    second = repository.commit("second", {"c": "2"}, branch="change")
    repository.git("update-ref", "refs/pull/7/head", second)
    repository.git("update-ref", "-d", "refs/heads/change")
    repository.git("config", "uploadpack.allowAnySHA1InWant", any_object)
    extra = f'setenv.add-environment += ( "GIT_PROTOCOL" => "version={protocol}" )'
    with GitServer(directory, extra=extra) as server:
        def get(ref, name, **params):
            request = {"source": {"uri": server.url("app"), "branch": "main", "search_remote_refs": True},
                       "version": {"ref": ref}, "params": params}
            return run_program(programs, "in", request, destination / name)

        for number, (ref, content) in enumerate([(second, "2"), (first, "1"), (second[:10], "2"), ("refs/pull/7/head", "2"),
                                                 ("pull/7/head", "2")]):
            for depth in (0, 1):
                answer = get(ref, f"{number}-{depth}", depth=depth).answer
                assert answer["version"] == {"ref": ref}
                assert (destination / f"{number}-{depth}/c").read_text() == content
                is_sound(destination / f"{number}-{depth}")
        gone = get("3" * 40, "gone")
        assert gone.error.startswith("cannot find commit 3333333333333333333333333333333333333333 in ")
        assert "it is neither a commit nor a tag or branch there" in get("pull/8/head", "gone").error


def test_sparse_paths_leave_the_rest_out_and_the_checkout_clean(repository, get, destination):
    made = repository.commit("many", {"a/x": "1", "a/b/y": "2", "c/z": "3", "top.md": "4", "a/skip.txt": "5"})
    get(made, sparse_paths=["a/", "!skip.txt", "*.md"]).answer
    found = {str(path.relative_to(destination)) for path in destination.rglob("*")
             if path.is_file() and ".git" not in path.relative_to(destination).parts}
    assert found == {"a/x", "a/b/y", "top.md"}
    is_sound(destination)


def test_sparse_paths_that_match_nothing_are_told(repository, get, destination):
    made = repository.commit("many", {"a/x": "1", "c/z": "3"})
    result = get(made, sparse_paths=["/a", "docs/", "!a/y"])
    assert result.status == 0
    warned = [line for line in result.lines if "sparse_paths" in line]
    assert warned == [f'warning: source.sparse_paths: "{pattern}" matches no file of this commit' for pattern in ["docs/", "!a/y"]]


def test_a_file_that_does_not_fit_its_encoding_is_told(repository, get, destination):
    made = repository.commit("text", {".gitattributes": "*.txt working-tree-encoding=latin1\n", "a.txt": "ä", "b.txt": "€"})
    result = get(made)
    assert (destination / "a.txt").read_bytes() == b"\xe4" and (destination / "b.txt").read_bytes() == "€".encode()
    assert "warning: b.txt (latin1) is written as it is: its content does not fit the encoding" in result.stderr


@pytest.mark.parametrize(("encoding", "words"), [("EBCDIC-US", "the encoding EBCDIC-US is not known here"), ("GBK", "GBK is not known here")])
def test_an_encoding_that_is_not_known_is_refused_by_its_name(repository, get, encoding, words):
    made = repository.commit("text", {".gitattributes": f"*.txt working-tree-encoding={encoding}\n", "a.txt": "ä"})
    assert words in get(made).error


@pytest.mark.parametrize(("attributes", "setting"), [
    ({"sub/.gitattributes": "*.txt text eol=crlf\n"}, None),
    # More files than one thread takes at a time.
    ({".gitattributes": "*.c ident\n*.bat eol=crlf\n", **{f"many/{i}{end}": f"{i} $Id$\n" for i in range(150) for end in (".c", ".bat")}},
     None),
    ({}, ("core.autocrlf", "true")),
    ({}, None),
])
def test_line_endings_are_what_attributes_and_settings_ask_for(repository, get, server, destination, tmp_path, attributes,
                                                               setting):
    made = repository.commit("text", {"sub/a.txt": "one\ntwo\n", "b": "three\n", **attributes})
    given = {"git_config": [{"name": setting[0], "value": setting[1]}]} if setting else {}
    assert get(made, **given).status == 0
    options = ["-c", "=".join(setting)] if setting else []
    git("clone", "--quiet", *options, server.url("app"), str(tmp_path / "reference"), directory=tmp_path)
    for name in ("sub/a.txt", "b", *attributes):
        assert (destination / name).read_bytes() == (tmp_path / "reference" / name).read_bytes()
    is_sound(destination)


def test_git_config_and_credentials(directory, repository, programs, destination):
    made = commits(repository, 1)
    with GitServer(directory, user="ann", password="geheim4711") as server:
        uri = server.url("app").replace("http://", "http://ann:geheim4711@")
        result = run_program(programs, "in", {
            "source": {"uri": uri, "debug": True, "git_config": [{"name": "core.bigFileThreshold", "value": "10m"}]},
            "version": {"ref": made[0]}}, destination)
        assert result.status == 0, result.stderr
    assert git("config", "core.bigfilethreshold", directory=destination) == "10m"
    assert "geheim4711" not in result.stderr + result.stdout
    for path in destination.rglob("*"):
        if path.is_file():
            assert b"geheim4711" not in path.read_bytes()


@pytest.mark.parametrize("params", [{}, {"depth": 1}])
def test_a_version_may_be_the_beginning_of_a_commits_name(repository, get, destination, params):
    made = commits(repository, 6)
    assert get(made[1][:10], params).answer["version"] == {"ref": made[1][:10]}
    assert git("rev-parse", "HEAD", directory=destination) == made[1]
    is_sound(destination)
    missing = get("0123456789", params, destination.parent / "missing")
    assert missing.status == 1 and "cannot find commit 0123456789" in missing.error


def test_a_pinned_version_may_say_its_branch(repository, directory, programs, get, destination):
    made = commits(repository, 2)
    aside = repository.commit("aside", {"y": "1"}, branch="aside", parents=[made[0]])
    with GitServer(directory) as server:
        version = {"ref": aside, "branch": "aside"}
        request = {"source": {"uri": server.url("app"), "branch": "main"}, "version": version}
        assert run_program(programs, "in", request, destination).answer["version"] == {"ref": aside}
        assert git("for-each-ref", "--format=%(refname)", "refs/heads", directory=destination) == "refs/heads/aside"
        assert (destination / ".git/branch").read_text() == "aside\n"
        assert run_program(programs, "check", {**request, "version": {"ref": made[0], "branch": "main"}}).answer == [
            {"ref": made[0]}, {"ref": made[1]}]
        wrong = run_program(programs, "in", {**request, "version": {"ref": aside, "branch": "a..b"}}, destination.parent / "wrong")
    assert wrong.status == 1 and 'cannot read version.branch: "a..b" is not the name of a branch' in wrong.error


def test_head_is_told_as_the_commit_that_it_was(repository, get, destination):
    made = commits(repository, 2)
    assert get("HEAD").answer["version"] == {"ref": made[1]}


@pytest.mark.parametrize("request_", [{}, {"version": None}])
def test_a_get_without_a_version_is_one_of_the_head(repository, directory, programs, destination, request_):
    """The git resource's own tests ask so, and so do people who run it by hand."""
    commits(repository, 2)
    made = repository.commit("on a branch", {"file": "side"}, branch="side")
    with GitServer(directory) as server:
        request = {"source": {"uri": server.url("app"), "branch": "side"}, **request_}
        assert run_program(programs, "in", request, destination).answer["version"] == {"ref": made}
    assert (destination / ".git/ref").read_text() == made + "\n"
    assert (destination / ".git/branch").read_text() == "side\n"


def test_a_branch_may_be_a_tag(repository, directory, programs, destination):
    """As `git clone --branch` takes it."""
    made = commits(repository, 3)
    repository.tag("v1", made[1], "annotated")
    with GitServer(directory) as server:
        source = {"uri": server.url("app"), "branch": "v1"}
        assert run_program(programs, "check", {"source": source}).answer == [{"ref": made[1]}]
        run_program(programs, "in", {"source": source, "version": {"ref": made[1]}}, destination).answer
    assert git("rev-parse", "HEAD", directory=destination) == made[1]
    is_sound(destination)


def test_a_version_that_is_gone_is_an_error_and_leaves_nothing(repository, get, destination):
    commits(repository, 1)
    for params in ({}, {"depth": 1}):
        result = get("1" * 40, params)
        assert result.status == 1 and result.stdout == ""
        assert "the repository does not have it (any more)" in result.error
        assert list(destination.iterdir()) == []


def test_submodules_are_checked_out_with_their_own(directory, repository, server, get, destination, tmp_path):
    library, inner = Repository(directory / "library.git"), Repository(directory / "inner.git")
    inner_commit = inner.commit("inner", {"deep": "1"})
    library.commit("one", {"lib": "1", ".gitmodules": '[submodule "in ner"]\n\tpath = in/side\n\turl = ../inner.git\n',
                           "in/side": ("160000", inner_commit)})
    first = library.tip("main")
    library.commit("two", {"lib": "2"})
    modules = (f'[submodule "library"]\n\tpath = libs/library\n\turl = ../library.git\n'
               f'[submodule "other"]\n\tpath = other\n\turl = {server.url("inner")}\n'
               '[submodule "gone"]\n\tpath = gone\n\turl = ../nowhere.git\n')
    made = repository.commit("with submodules", {".gitmodules": modules, "libs/library": ("160000", first),
                                                 "other": ("160000", inner_commit)})
    result = get(made)
    assert result.status == 0, result.stderr
    assert (destination / "libs/library/lib").read_text() == "1"
    assert (destination / "libs/library/in/side/deep").read_text() == "1"
    assert (destination / "other/deep").read_text() == "1"
    assert ".gitmodules names gone" in result.stderr
    is_sound(destination)
    assert git("submodule", "status", "--recursive", directory=destination).count("\n") == 2

    def get_to(name, params):
        get(made, params, tmp_path / name).answer
        return tmp_path / name

    none = get_to("none", {"submodules": "none"})
    assert not (none / "other/deep").exists()
    listed = get_to("listed", {"submodules": ["other"]})
    assert (listed / "other/deep").exists() and not (listed / "libs/library/lib").exists()
    flat = get_to("flat", {"submodule_recursive": False, "depth": 1})
    assert (flat / "libs/library/lib").exists() and not (flat / "libs/library/in/side/deep").exists()
    remote = get_to("remote", {"submodule_remote": True})
    assert (remote / "libs/library/lib").read_text() == "2"
    result = get(made, {"submodules": ["gone"]}, tmp_path / "fails")
    assert result.status == 1 and "check params.submodules[0]" in result.error
    assert not list((tmp_path / "fails").glob("*"))


def test_a_submodule_that_cannot_be_fetched_fails(repository, get, destination):
    made = repository.commit("x", {".gitmodules": '[submodule "a"]\n\tpath = a\n\turl = ../nowhere.git\n',
                                   "a": ("160000", "1" * 40)})
    result = get(made)
    assert result.status == 1 and "nowhere.git" in result.error
    assert list(destination.iterdir()) == []


def test_a_submodule_whose_commit_is_gone_is_named_by_its_path(directory, repository, get, destination, golden, tmp_path):
    library = Repository(directory / "library.git")
    library.commit("one", {"lib": "1"})
    modules = '[submodule "the library"]\n\tpath = libs/library\n\turl = ../library.git\n\tbranch = gone\n'
    made = repository.commit("x", {".gitmodules": modules, "libs/library": ("160000", "1" * 40)})
    for number, params in enumerate([{}, {"submodule_remote": True}]):
        result = get(made, params, tmp_path / str(number))
        assert result.status == 1 and "(submodule libs/library)" in result.error
        golden(result.error)


@pytest.mark.parametrize("modules", [
    '[submodule "../../x"]\n\tpath = a\n\turl = ../app.git\n',
    '[submodule "a"]\n\tpath = ../a\n\turl = ../app.git\n',
    '[submodule "a"]\n\tpath = .git/a\n\turl = ../app.git\n',
    '[submodule "a"]\n\tpath = a\n\turl = -u/tmp/x\n',
    '[submodule "a"]\n\tpath = a\n\turl = ext::touch /tmp/x\n',
    '[submodule "a"]\n\tpath = a\n\turl = /etc\n',
    '[submodule "a"]\n\tpath = a\n\turl = ssh://-oProxyCommand=x/y\n',
])
def test_hostile_submodules_are_refused(repository, get, destination, modules):
    made = repository.commit("x", {".gitmodules": modules, "a": ("160000", "1" * 40)})
    result = get(made)
    assert result.status == 1 and len(result.error.splitlines()) == 1
    assert list(destination.iterdir()) == []


def hostile_tree(repository, entries: list[tuple[str, str, str]]) -> str:
    """A commit whose tree git itself would not make."""
    raw = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(object_) for mode, name, object_ in entries)
    tree = repository.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
    commit = repository.git("commit-tree", tree, "-m", "hostile", env=repository.dates())
    repository.git("update-ref", "refs/heads/main", commit)
    return commit


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", ".git ", "git~1", "../x", ".git\u200c"])
def test_a_tree_with_names_that_lead_out_is_refused(repository, get, destination, tmp_path, name):
    blob = repository.git("hash-object", "-w", "--stdin", stdin=b"evil")
    made = hostile_tree(repository, [("100644", name, blob)])
    result = get(made)
    assert result.status == 1 and result.stdout == ""
    assert list(destination.iterdir()) == []
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["a/b", "a\\..\\..\\b", "-u", "\x1b[2J"])
def test_a_tree_with_odd_names_stays_inside(repository, get, destination, tmp_path, name):
    blob = repository.git("hash-object", "-w", "--stdin", stdin=b"odd")
    before = set(tmp_path.iterdir())
    get(hostile_tree(repository, [("100644", name, blob)]))
    assert set(tmp_path.iterdir()) == before


def test_nothing_is_written_through_a_symlink(repository, get, destination, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = repository.git("hash-object", "-w", "--stdin", stdin=str(outside).encode())
    blob = repository.git("hash-object", "-w", "--stdin", stdin=b"evil")
    inner = repository.git("mktree", stdin=f"100644 blob {blob}\tfile\n".encode())
    made = hostile_tree(repository, [("120000", "a", link), ("40000", "a", inner)])
    get(made)
    assert list(outside.iterdir()) == []


def test_a_commit_must_be_signed_by_one_of_the_keys(repository, get, destination, tmp_path):
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    env = {"GNUPGHOME": str(home)}

    def make(name):
        subprocess.run(["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", f"{name} <{name}@example.com>"],
                       env={**os.environ, **env}, check=True, capture_output=True)
        return subprocess.run(["gpg", "--armor", "--export", f"{name}@example.com"], env={**os.environ, **env}, check=True,
                              capture_output=True, text=True).stdout

    try:
        signer, stranger = make("signer"), make("stranger")
        plain = repository.commit("plain", {"x": "1"})
        tree = repository.git("rev-parse", f"{plain}^{{tree}}")
        signed = repository.git("commit-tree", "-Ssigner@example.com", tree, "-p", plain, "-m", "signed",
                                env={**repository.dates(), **env})
        repository.git("update-ref", "refs/heads/main", signed)
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env={**os.environ, **env}, check=False)
    get(signed, commit_verification_keys=[stranger, signer]).answer
    for ref, keys, cause in ((plain, [signer], "it is not signed"),
                             (signed, [stranger], "its signature is of none of the keys"),
                             (signed, ["no key"], "it is not a public key")):
        shutil.rmtree(destination)
        destination.mkdir()
        result = get(ref, commit_verification_keys=keys)
        assert result.status == 1 and cause in result.error
        assert list(destination.iterdir()) == []


def test_ssh_signatures_count_too(repository, get, destination, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    first = repository.commit("plain", {"x": "1"})
    tree = repository.git("rev-parse", f"{first}^{{tree}}")
    signed = repository.git("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "commit-tree", "-S", tree, "-p", first,
                            "-m", "signed", env=repository.dates())
    repository.git("update-ref", "refs/heads/main", signed)
    get(signed, commit_verification_keys=[(tmp_path / "key.pub").read_text()]).answer
    assert git("rev-parse", "HEAD", directory=destination) == signed


def test_a_destination_must_be_empty_and_writable(repository, get, destination):
    made = commits(repository, 1)
    (destination / "mine").write_text("x")
    result = get(made[0])
    assert result.status == 1 and "the directory is not empty" in result.error
    assert (destination / "mine").read_text() == "x"

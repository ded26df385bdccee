"""in with commits whose trees, links and submodules are made to leave the destination, or to run something."""

import pytest
from support import packs
from support.git_server import GitServer, Repository, git
from support.hostile_git_server import HostileGitServer
from support.packs import History, Pack
from support.refusals import Refusals


@pytest.fixture
def refused(programs, tmp_path):
    return Refusals(programs, tmp_path)


def get(refused, history: History):
    with HostileGitServer(history.head, history.pack.bytes()) as server:
        return refused.run("in", {"uri": server.url}, history.head)


def refuses(refused, history: History, *words: str, **more):
    with HostileGitServer(history.head, history.pack.bytes()) as server:
        return refused("in", {"uri": server.url}, *words, version=history.head, **more)


@pytest.mark.parametrize("name", [
    "..", ".", "", ".git", ".GIT", ".Git", "git~1", "GIT~1", ".git ", ".git.", ".git...", ".git::$INDEX_ALLOCATION", "a/b", "../escaped",
    "/tmp/escaped", ".git\\config", ".g\u200cit", ".\u200dgit",
])
@pytest.mark.parametrize("place", ["top", "below"])
def test_names_that_no_tree_may_hold(refused, name, place):
    pack = Pack()
    entries = packs.tree(("100644", name, pack.add("blob", b"[core]\nfsmonitor=touch /tmp/escaped\n")))
    tree = pack.add("tree", entries)
    if place == "below":
        tree = pack.add("tree", packs.tree(("40000", "directory", tree)))
    history = History(pack=pack)
    history.head = pack.add("commit", packs.commit(tree))
    refuses(refused, history)


@pytest.mark.parametrize("name", ["..\\escaped", "\\escaped", "a\\..\\..\\b", "C:\\escaped", "-rf", "\x1b[31m", "new\nline"])
def test_names_that_are_odd_are_names(refused, name):
    """git takes them on Linux, too, where they lead nowhere."""
    result = get(refused, History(("100644", name, b"content\n")))
    assert result.status == 0, result.stderr
    assert sorted(path.name for path in refused.destination.iterdir()) == sorted([".git", name])
    assert "\x1b[31m" not in result.stderr


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".."])
def test_directories_that_no_tree_may_hold(refused, name):
    pack = Pack()
    hooks = pack.add("tree", packs.tree(("100755", "post-checkout", pack.add("blob", b"#!/bin/sh\ntouch /tmp/escaped\n"))))
    history = History(("40000", name, pack.add("tree", packs.tree(("40000", "hooks", hooks)))), pack=pack)
    refuses(refused, history)


def link_and_directory(refused, order: int, link: str = "link", directory: str = "link") -> History:
    pack = Pack()
    inside = pack.add("tree", packs.tree(("100644", "escaped", pack.add("blob", b"out"))))
    entries = [("120000", link, str(refused.outside).encode()), ("40000", directory, inside)]
    return History(*entries[::order], pack=pack)


@pytest.mark.parametrize("order", [1, -1])
def test_a_file_below_a_link_that_leads_out(refused, order):
    refuses(refused, link_and_directory(refused, order), 'it has "link" twice')


@pytest.mark.parametrize("link, directory", [("link", "LINK"), ("\u00e9", "e\u0301"), ("\u00c9", "\u00e9"), ("a", "a\u200d")])
def test_a_link_and_a_directory_that_are_one_on_another_file_system(refused, link, directory):
    refuses(refused, link_and_directory(refused, 1, link, directory), "are one where case does not count")


def test_files_that_differ_by_case_are_files(refused):
    """The Linux kernel has some."""
    result = get(refused, History(("100644", "README", b"1"), ("120000", "link", b"README"), ("100644", "readme", b"2")))
    assert result.status == 0, result.stderr
    assert (refused.destination / "link").read_text() == "1" and (refused.destination / "readme").read_text() == "2"


@pytest.mark.parametrize("target", [".git", ".git/hooks", "x/../.GIT/modules/s/hooks", ".git/../x"])
def test_links_into_the_git_directory(refused, target):
    refuses(refused, History(("120000", "link", target.encode())), "cannot check out link: it is a link into a .git directory")


def test_links_to_what_a_tool_keeps_in_the_git_directory(refused):
    assert get(refused, History(("120000", "big", b".git/annex/objects/x/y"))).status == 0


def test_a_link_that_leads_out_is_only_a_link(refused):
    history = History(("120000", "link", b"../../../../../../etc/passwd"), ("120000", "other", b"/etc"))
    assert get(refused, history).status == 0
    assert (refused.destination / "link").is_symlink() and (refused.destination / "other").is_symlink()


def test_attributes_and_modules_that_are_links_are_not_followed(refused):
    (refused.destination.parent.parent / "attributes").write_text("* filter=lfs\n")
    history = History(("120000", ".gitattributes", b"../../attributes"), ("120000", ".gitmodules", b"/etc/passwd"),
                      ("120000", ".lfsconfig", b"/etc/shadow"), ("100644", "file", b"hello\n"))
    refuses(refused, history, "cannot check out .gitmodules: it may not be a link")


def test_attributes_that_are_a_link_filter_nothing(refused):
    (refused.destination.parent / "attributes").write_text("* text eol=crlf\n")
    history = History(("120000", ".gitattributes", b"../attributes"), ("100644", "file", b"hello\n"))
    result = get(refused, history)
    assert result.status == 0, result.stderr
    assert (refused.destination / "file").read_bytes() == b"hello\n"


def test_a_mode_of_old_repositories_is_that_of_a_file(refused):
    result = get(refused, History(("100664", "file", b"hello\n"), ("100775", "program", b"#!/bin/sh\n")))
    assert result.status == 0, result.stderr
    assert (refused.destination / "program").stat().st_mode & 0o100 and not (refused.destination / "file").stat().st_mode & 0o100
    assert git("status", "--porcelain", directory=refused.destination) == ""


@pytest.mark.parametrize("mode", ["100644", "100755"])
def test_odd_modes_are_no_setuid_and_no_device(refused, mode):
    history = History(("104755", "setuid", b"x"), ("20666", "device", b"x"), (mode, "usual", b"x"))
    result = get(refused, history)
    if result.status == 0:
        for path in refused.destination.iterdir():
            assert path.name == ".git" or not path.lstat().st_mode & 0o7000
    else:
        refused.nothing_left()


def test_trees_that_unfold_without_end(refused):
    pack = Pack()
    inner = pack.add("tree", packs.tree(("100644", "file", pack.add("blob", b"x"))))
    for _ in range(10):
        inner = pack.add("tree", packs.tree(*(("40000", f"{i}", inner) for i in range(10))))
    history = History(pack=pack)
    history.head = pack.add("commit", packs.commit(inner))
    refuses(refused, history, "check out the commit's tree: it has more than 5000000 files")


def test_trees_nested_without_end(refused):
    pack = Pack()
    inner = pack.add("tree", packs.tree(("100644", "file", pack.add("blob", b"x"))))
    for _ in range(30_000):
        inner = pack.add("tree", packs.tree(("40000", "d", inner)))
    history = History(pack=pack)
    history.head = pack.add("commit", packs.commit(inner))
    refuses(refused, history, "its directories are nested too deep")


# Submodules

@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repositories/app.git")


@pytest.fixture
def server(repository):
    with GitServer(repository.path.parent) as running:
        yield running


def with_modules(repository, text: str, path: str = "sub") -> str:
    return repository.commit("submodule", {".gitmodules": text, path: ("160000", "1" * 40)})


@pytest.mark.parametrize("url", [
    "-uescaped", "--upload-pack=touch /tmp/escaped", "ext::sh -c touch% /tmp/escaped", "fd::3", "git://127.0.0.1/x",
    "ssh://-oProxyCommand=touch%20escaped/x", "-oProxyCommand=touch:x", "ssh://host/-x", "user@-host:path", "host:-path",
    "ssh://$(touch escaped)@host/x", "http://127.0.0.1:1\nHost: x", "file:///etc", "/etc", "../../../../../etc/x/y", "",
])
def test_submodule_urls_that_are_none(refused, repository, server, url):
    quoted = url.replace("\n", "\\n")
    made = with_modules(repository, f'[submodule "sub"]\n\tpath = sub\n\turl = "{quoted}"\n')
    refused("in", {"uri": server.url("app")}, version=made)


@pytest.mark.parametrize("form", ["http:///{host}/x.git", "http://{host}%0a.example/x", "http://%0a@{host}%0d/x", "./../../..//{host}/x.git",
                                  "../../../../{host}/x.git", "http://127.0.0.1:{port}@{host}/x.git", "http://{host}/x.git"])
def test_credentials_stay_when_a_submodule_leads_to_a_host_that_nobody_named(refused, repository, server, form):
    """CVE-2020-5260, git 1a3609e4: an address that one reader takes for another's host."""
    with HostileGitServer("1" * 40) as other:
        url = form.format(host=other.host, port=server.url("").split(":")[2].split("/")[0])
        made = with_modules(repository, f'[submodule "sub"]\n\tpath = sub\n\turl = "{url}"\n')
        result = refused("in", {"uri": server.url("app"), "username": "ann", "password": "geheim4711"}, version=made)
        assert not any("Authorization" in request.headers for request in other.requests)
        assert "geheim4711" not in result.stderr


@pytest.mark.parametrize("name", ["..", "../../hooks", "a/../../b", ".git", "a/.GIT/b", "/etc", "-x", "a\\\\..\\\\b", "x:y", "git~1"])
def test_submodule_names_that_lead_out(refused, repository, server, name):
    made = with_modules(repository, f'[submodule "{name}"]\n\tpath = sub\n\turl = ./other.git\n')
    refused("in", {"uri": server.url("app")}, ".gitmodules", "is not a name for a submodule", version=made)


@pytest.mark.parametrize("path", ["../outside", "/etc", ".git/hooks", "a/../../b", "-x", ".GIT", "."])
def test_submodule_paths_that_lead_out(refused, repository, server, path):
    made = with_modules(repository, f'[submodule "sub"]\n\tpath = {path}\n\turl = ./other.git\n')
    refused("in", {"uri": server.url("app")}, path, version=made)


def test_a_modules_file_includes_nothing(refused, repository, server, tmp_path):
    (tmp_path / "included").write_text('[submodule "sub"]\n\turl = ext::sh\n')
    made = with_modules(repository, f'[include]\n\tpath = {tmp_path}/included\n[submodule "sub"]\n\tpath = sub\n')
    refused("in", {"uri": server.url("app")}, "submodule sub has no url", version=made)


HOOK = "#!/bin/sh\ntouch {}\n"


@pytest.mark.parametrize("path, name, link", [
    # CVE-2025-48384: unquoted, git reads the working tree as "sub", which may be a link to where hooks are.
    ("sub\r", "s", "sub"), ("sub\n", "s", "sub"), ("sub\t", "s", "sub"), ("sub ", "s", "sub"), ("sub\x0b", "s", "sub"),
    ("sub", "s\r", "s"), ("sub", "s\n[x]", "s"), ("sub", "s ", "s"),
])
def test_submodules_whose_path_or_name_git_would_read_as_another(refused, repository, server, tmp_path, path, name, link):
    inner = Repository(repository.path.parent / "inner.git")
    hook = inner.commit("hook", {"post-checkout": ("100755", HOOK.format(tmp_path / "ran"))})
    quoted = {"\r": "\r", "\n": "\\n", "\t": "\\t"}
    text = "".join(f'{key} = "{"".join(quoted.get(c, c) for c in value)}"\n' for key, value in [("path", path), ("url", "../inner.git")])
    modules = f'[submodule "{name}"]\n{text}'
    pack = Pack()
    history = History(("100644", ".gitmodules", modules.encode()), ("120000", link, b"elsewhere"), ("160000", path, hook),
                      pack=pack)
    objects = repository.path / "objects/pack/pack-made.pack"
    objects.write_bytes(pack.bytes())
    repository.git("index-pack", objects)
    repository.git("update-ref", "refs/heads/main", history.head)
    refused("in", {"uri": server.url("app")}, "cannot read .gitmodules of the repository", version=history.head)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("inner_name", ["a/hooks", "a/modules/b", "A/hooks"])
def test_submodules_whose_git_directories_meet(refused, repository, server, inner_name):
    other = Repository(repository.path.parent / "other.git").commit("x", {"file": "x"})
    text = "".join(f'[submodule "{name}"]\n\tpath = {path}\n\turl = ../other.git\n' for name, path in [("a", "one"), (inner_name, "two")])
    made = repository.commit("submodules", {".gitmodules": text, "one": ("160000", other), "two": ("160000", other)})
    refused("in", {"uri": server.url("app")}, "cannot read .gitmodules of the repository: the git directory of submodule", version=made)
    assert refused.run("in", {"uri": server.url("app")}, made, {"submodules": ["two"]}).status == 0


def test_git_runs_nothing_of_the_repository_in_a_checkout_with_odd_submodules(refused, repository, server, tmp_path):
    """What a get leaves is used by later tasks: git itself checks all of it out again, and no hook of a repository runs."""
    inner = Repository(repository.path.parent / "inner.git")
    ran = tmp_path / "ran"
    commit = inner.commit("hooks", {f"{at}post-checkout": ("100755", HOOK.format(ran)) for at in ["", "hooks/", "modules/s/hooks/"]})
    names = {"hooks": "hooks", "s #1": "sub #1", 'q"; x': "it's", "config": "config", "modules": "modules", "refs/heads": "a b"}
    text = "".join('[submodule "{}"]\n\tpath = "{}"\n\turl = ../inner.git\n'.format(name.replace('"', '\\"'), path)
                   for name, path in names.items())
    made = repository.commit("submodules", {".gitmodules": text, "post-checkout": ("100755", HOOK.format(ran)),
                                            **{path: ("160000", commit) for path in names.values()}})
    result = refused.run("in", {"uri": server.url("app")}, made)
    assert result.status == 0, result.stderr
    checkout = refused.destination
    for path in names.values():
        worktree = git("config", "core.worktree", directory=checkout / path)
        top = git("rev-parse", "--show-toplevel", directory=checkout / path)
        assert top == str(checkout / path) and worktree.rstrip("/").endswith(path)
        (checkout / path / "post-checkout").unlink()
        git("checkout", "-f", "HEAD", directory=checkout / path)
        assert (checkout / path / "post-checkout").exists()
    git("checkout", "-f", "--recurse-submodules", "HEAD", directory=checkout)
    git("submodule", "update", "--init", "--recursive", "--force", directory=checkout)
    assert git("status", "--porcelain", directory=checkout) == ""
    assert not ran.exists()


@pytest.mark.parametrize("order", [1, -1])
def test_a_submodule_behind_a_link_that_leads_out(refused, order):
    pack = Pack()
    inside = pack.add("tree", packs.tree(("160000", "sub", "1" * 40)))
    modules = b'[submodule "sub"]\n\tpath = dir/sub\n\turl = ./app.git\n'
    entries = [("120000", "dir", str(refused.outside).encode()), ("40000", "dir", inside)]
    history = History(("100644", ".gitmodules", modules), *entries[::order], pack=pack)
    refuses(refused, history, 'it has "dir" twice')


def test_a_repository_that_is_its_own_submodule_ends(refused, repository, server):
    first = repository.commit("first", {"file": "x"})
    text = '[submodule "sub"]\n\tpath = sub\n\turl = ./\n'
    made = repository.commit("second", {".gitmodules": text, "sub": ("160000", first)})
    for _ in range(20):
        made = repository.commit("more", {"sub": ("160000", made)})
    repository.git("update-ref", "refs/heads/main", made)
    refused("in", {"uri": server.url("app")}, "they are nested too deep", version=made, within=60)

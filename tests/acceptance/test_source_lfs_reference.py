"""A get of a repository with Git LFS, held against what git and git-lfs check out, byte by byte."""

import base64
import json
import pathlib
import stat
import subprocess

import pytest
from support.git_server import ENVIRONMENT, Repository
from support.lfs_server import LfsServer, pointer
from support.program import run_program
from support.ssh_server import SshServer

USER, PASSWORD = "ann", "geheim4711"
ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n/data/** filter=lfs diff=lfs merge=lfs -text\n*.txt text\n"


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repositories/app.git")


@pytest.fixture
def server(repository):
    with LfsServer(repository.path.parent, user=USER, password=PASSWORD) as running:
        yield running


@pytest.fixture
def storage(repository, server):
    """Where the objects are: another host, which has nothing to do with the repository's credentials."""
    with LfsServer(repository.path.parent) as running:
        running.objects, running.ticket = server.objects, server.ticket
        server.storage = running
        yield running


def clone(server: LfsServer, directory: pathlib.Path, address: str | None = None, **more: str) -> pathlib.Path:
    (home := directory / "home").mkdir()
    env = {**ENVIRONMENT, "HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / "config"), **more}
    address = address or server.url("app").replace("http://", f"http://{USER}:{PASSWORD}@")
    for command in (["git", "lfs", "install", "--skip-repo"], ["git", "clone", "--quiet", address, str(directory / "theirs")]):
        done = subprocess.run(command, env=env, cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return directory / "theirs"


def get(programs, server: LfsServer, directory: pathlib.Path, ref: str, params: dict | None = None, **more):
    source = {"uri": server.url("app"), "username": USER, "password": PASSWORD, **more}
    return run_program(programs, "in", {"source": source, "version": {"ref": ref}, "params": params or {}}, directory / "ours")


def files(directory: pathlib.Path) -> dict[str, tuple]:
    found = {}
    for path in directory.rglob("*"):
        name = str(path.relative_to(directory))
        if name.split("/")[0] == ".git" or path.is_dir() and not path.is_symlink():
            continue
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        found[name] = (stat.S_IFMT(path.lstat().st_mode), path.lstat().st_mode & 0o100, content)
    return found


def tree(server: LfsServer) -> dict:
    large = bytes(range(256)) * 40_000
    return {
        ".gitattributes": ATTRIBUTES,
        "large.bin": server.add(large),
        "again.bin": server.add(large),
        "empty.bin": "",
        "program.bin": ("100755", server.add(b"#!/bin/sh\n")),
        "data/with blank/ü.dat": server.add(b"in a folder"),
        "no pointer.bin": b"committed without git-lfs",
        "pointer.dat": pointer(b"not given to LFS"),
        "text.txt": "a text\n",
        "sub/.gitattributes": "*.bin -filter\n",
        "sub/pointer.bin": pointer(b"taken from LFS again"),
        "link.bin": ("120000", "large.bin"),
    }


def agree(programs, server, directory, made, **more) -> None:
    theirs = files(clone(server, directory))
    get(programs, server, directory, made, **more).answer
    assert files(directory / "ours") == theirs


def test_the_checkout_is_that_of_git_lfs(programs, repository, server, tmp_path):
    made = repository.commit("lfs", tree(server))
    agree(programs, server, tmp_path, made)
    assert (tmp_path / "ours/large.bin").stat().st_size == 256 * 40_000
    env = {**ENVIRONMENT, "GIT_CONFIG_GLOBAL": str(tmp_path / "home/config"), "HOME": str(tmp_path / "home")}
    ours, theirs = (subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path / name, env=env, capture_output=True, text=True)
                    for name in ("ours", "theirs"))
    # What was committed without git-lfs is changed in git's own eyes, when it looks: its clone has it, too.
    for status in (ours, theirs):
        assert status.returncode == 0 and status.stdout in ("", ' M "no pointer.bin"\n'), status


def test_objects_elsewhere_are_fetched_without_the_repositorys_credentials(programs, repository, server, storage, tmp_path):
    server.ticket = storage.ticket = {"Authorization": "Bearer of-the-storage", "X-Ticket": "yes"}
    made = repository.commit("lfs", tree(server))
    agree(programs, server, tmp_path, made)
    assert {headers.get("Authorization") for _, _, headers in storage.requests} == {"Bearer of-the-storage"}
    server.ticket = storage.ticket = {}
    storage.requests.clear()
    assert get(programs, server, tmp_path / "again", made).status == 0
    assert storage.requests and not any("Authorization" in headers for _, _, headers in storage.requests)


@pytest.mark.parametrize("setting", ["[lfs]\n\turl = {}\n", '[remote "origin"]\n\tlfsurl = {}\n'])
def test_lfsconfig_says_where_the_server_is(programs, repository, server, tmp_path, setting):
    server.api = "/somewhere/else"
    config = setting.format(f"{server.base.replace('//', f'//{USER}@')}/somewhere/else")
    made = repository.commit("lfs", {**tree(server), ".lfsconfig": config})
    agree(programs, server, tmp_path, made)
    assert len(server.batches) > 0


def test_a_checkout_by_ssh_is_that_of_git_lfs(programs, repository, server, tmp_path):
    made = repository.commit("lfs", tree(server))
    secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    answer = json.dumps({"href": f"{server.url('app')}/info/lfs", "header": {"Authorization": f"Basic {secret}"}})
    with SshServer() as ssh:
        ssh.add_program("git-lfs-authenticate", f"#!/bin/sh\necho \"$@\" >>{tmp_path}/asked\necho '{answer}'\n")
        options = "-o BatchMode=yes -o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes -F /dev/null"
        command = f"ssh -i {ssh.state}/user -o UserKnownHostsFile={tmp_path}/hosts {options}"
        theirs = files(clone(server, tmp_path, ssh.url(repository.path), GIT_SSH_COMMAND=command))
        get(programs, server, tmp_path, made, uri=ssh.url(repository.path), private_key=ssh.key, known_hosts=ssh.known_hosts,
            username="", password="").answer
    assert files(tmp_path / "ours") == theirs
    first, *others = (tmp_path / "asked").read_text().splitlines()
    assert set(others) == {first}  # they and we ask for the same


def test_git_config_overrules_lfsconfig(programs, repository, server, tmp_path):
    server.api = "/right"
    made = repository.commit("lfs", {**tree(server), ".lfsconfig": f"[lfs]\n\turl = {server.base}/wrong\n"})
    get(programs, server, tmp_path, made, git_config=[{"name": "lfs.url", "value": f"{server.base}/right"}]).answer
    assert (tmp_path / "ours/program.bin").read_bytes() == b"#!/bin/sh\n"


@pytest.mark.parametrize("url, cause", [
    ("file:///etc", "it is not an http(s) address"),
    ("ssh://127.0.0.1/x", "it is not an http(s) address"),
    ("-ux", "it is not an http(s) address"),
    ("ext::sh -c id", "it is not an http(s) address"),
])
def test_an_lfsconfig_that_leads_elsewhere_is_refused(programs, repository, server, tmp_path, url, cause):
    made = repository.commit("lfs", {**tree(server), ".lfsconfig": f"[lfs]\n\turl = {url}\n"})
    result = get(programs, server, tmp_path, made)
    assert result.status == 1 and "lfs.url" in result.error and cause in result.error
    assert list((tmp_path / "ours").iterdir()) == []


def test_an_lfsconfig_of_another_host_gets_no_credentials(programs, repository, server, storage, tmp_path):
    storage.batches.clear()
    made = repository.commit("lfs", {**tree(server), ".lfsconfig": f"[lfs]\n\turl = {storage.base}/info/lfs\n"})
    get(programs, server, tmp_path, made).answer
    assert len(storage.batches) == 1 and not any("Authorization" in headers for _, _, headers in storage.requests)


def test_a_file_that_the_server_lacks_is_named_by_both(programs, repository, server, tmp_path):
    made = repository.commit("lfs", {".gitattributes": ATTRIBUTES, "gone.bin": pointer(b"gone")})
    with pytest.raises(AssertionError, match="gone.bin"):
        clone(server, tmp_path)
    result = get(programs, server, tmp_path, made)
    assert result.status == 1 and result.stdout == "" and "gone.bin" in result.error and "404" in result.error
    assert list((tmp_path / "ours").iterdir()) == []


def test_pointers_stay_as_git_without_lfs_has_them(programs, repository, server, tmp_path):
    content = tree(server)
    made = repository.commit("lfs", content)
    get(programs, server, tmp_path, made, {"disable_git_lfs": True}).answer
    assert (tmp_path / "ours/large.bin").read_text() == content["large.bin"] and server.batches == []

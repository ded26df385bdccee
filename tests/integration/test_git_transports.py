"""The ways to a repository: proxies and tunnels, HTTP/2, compression, authorities; and a machine without git."""

import gzip
import os
import pathlib
import subprocess

import pytest
from support.certificates import Authority
from support.connect_proxy import ConnectProxy
from support.git_server import ENVIRONMENT, GitServer, Repository, git
from support.hostile_git_server import Answer, HostileGitServer
from support.packs import History
from support.program import run_program
from support.ssh_server import SshServer

USER, PASSWORD = "ann", "geheim 4711'$(id)"


@pytest.fixture
def repository(tmp_path):
    repository = Repository(tmp_path / "repositories/app.git")
    repository.made = [repository.commit(f"change {i}", {f"dir{i % 3}/file{i}": f"{i}"}) for i in range(8)]
    repository.tag("v1", repository.made[2], "annotated")
    return repository


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(repository, authority):
    with GitServer(repository.path.parent, authority=authority) as running:
        yield running


@pytest.fixture
def ask(programs, tmp_path):
    """check and in with a memory and a destination of their own each; their answers, or the error's Result."""
    number = 0

    def run(program, source, version=None, params=None, *, env=None, **more):
        nonlocal number
        number += 1
        (directory := tmp_path / f"run{number}").mkdir()
        request = {"source": source, **({"version": {"ref": version}} if version else {}), **({"params": params} if params else {})}
        result = run_program(programs, program, request, *([directory / "destination"] if program == "in" else []),
                             env={"TMPDIR": str(directory), "HOME": "/nowhere", **(env or {})}, **more)
        result.destination = directory / "destination"
        return result
    return run


def tls(server, authority, **more) -> dict:
    return {"uri": server.url("app"), "ca_certs": [authority.certificate.read_text()], **more}


def tunnel(proxy, user=USER, password=PASSWORD) -> dict:
    return {"https_tunnel": {"proxy_host": "127.0.0.1", "proxy_port": proxy.port, "proxy_user": user, "proxy_password": password}}


# TLS

def test_an_own_authority_is_trusted_and_no_other(ask, repository, server, authority):
    assert ask("check", tls(server, authority)).answer == [{"ref": repository.made[-1]}]
    result = ask("check", {"uri": server.url("app")})
    assert result.status == 1 and "certificate" in result.error and "authority" in result.error
    assert ask("check", {"uri": server.url("app"), "skip_ssl_verification": True}).answer == [{"ref": repository.made[-1]}]
    assert ask("check", {"uri": server.url("app")}, env={"SSL_CERT_FILE": str(authority.certificate)}).status == 0


def test_http_2_is_spoken_on_one_connection(ask, repository, authority):
    with GitServer(repository.path.parent, authority=authority, log_format="%H %k") as server:
        result = ask("in", tls(server, authority, debug=True), repository.made[3])
        assert result.status == 0 and result.stderr.count("new connection") == 1
        log = server.requests()
        assert len(log) >= 3 and all(line.startswith("HTTP/2.0") for line in log)


def test_refs_may_come_compressed(ask):
    history = History(("100644", "file", b"hello\n"))
    tags = [f"{history.head} refs/tags/release-{number:05}\n".encode() for number in range(2000)]
    with HostileGitServer(history.head, history.pack.bytes(), lines=tags) as server:
        def compressed(request):
            assert "gzip" in request.headers["Accept-Encoding"]
            return Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(server.answers[request.command]))
        server.first = compressed
        result = ask("check", {"uri": server.url, "tag_filter": "release-*", "version_depth": 2000})
        assert len(result.answer) == 2000


# Proxies

def test_a_tunnel_with_credentials(ask, repository, server, authority):
    with ConnectProxy(user=USER, password=PASSWORD) as proxy:
        source = tls(server, authority, debug=True, **tunnel(proxy))
        result = ask("check", source)
        assert result.answer == [{"ref": repository.made[-1]}] and PASSWORD not in result.stderr
        assert ask("in", source, repository.made[3]).status == 0
        assert proxy.connected == [f"127.0.0.1:{server.port}"] * 2
        result = ask("check", {**source, **tunnel(proxy, password="wrong")})
        assert result.status == 1 and "407" in result.error and "wrong" not in result.stderr


def test_a_tunnel_that_leads_nowhere(ask, repository, server, authority):
    with ConnectProxy() as proxy:
        result = ask("check", {**tls(server, authority, **tunnel(proxy)), "uri": "https://127.0.0.1:1/app.git"})
    assert result.status == 1 and "502" in result.error


@pytest.mark.parametrize("port", [0, 65536, 70000])
def test_a_port_of_a_tunnel_that_is_none(ask, repository, server, port):
    result = ask("check", {"uri": server.url("app"), "https_tunnel": {"proxy_host": "p", "proxy_port": port}})
    assert result.status == 1 and "source.https_tunnel.proxy_port" in result.error and f"{port} is not a port" in result.error


def test_the_environments_proxies_and_their_exceptions(ask, repository, server, authority):
    with ConnectProxy(user="ann", password="geheim4711") as proxy, GitServer(repository.path.parent) as plain:
        address = proxy.url.replace("//", "//ann:geheim4711@")
        env = {"https_proxy": address, "http_proxy": address}
        result = ask("check", tls(server, authority, debug=True), env=env)
        assert result.status == 0 and len(proxy.connected) == 1 and "geheim4711" not in result.stderr
        assert ask("check", {"uri": plain.url("app")}, env=env).status == 0
        assert len(proxy.forwarded) >= 2 and len(proxy.connected) == 1
        for exception in ("127.0.0.1", "*", "other.example,127.0.0.0/8"):
            for name in ("NO_PROXY", "no_proxy"):
                assert ask("check", tls(server, authority), env={**env, name: exception}).status == 0
        assert len(proxy.connected) == 1
        assert ask("check", {"uri": plain.url("app")}, env={"HTTP_PROXY": "http://127.0.0.1:1"}).status == 0


# ssh through a proxy

def ssh_source(server, repository, **more) -> dict:
    return {"uri": server.url(repository.path), "private_key": server.key, "known_hosts": server.known_hosts, **more}


def test_ssh_goes_through_a_tunnel(ask, repository):
    with SshServer() as server, ConnectProxy(user=USER, password=PASSWORD) as proxy:
        source = ssh_source(server, repository, **tunnel(proxy))
        assert ask("check", source, repository.made[5]).answer == [{"ref": ref} for ref in repository.made[5:]]
        assert ask("in", source, repository.made[3]).status == 0
        locked = {**source, "private_key": server.locked_key, "private_key_passphrase": "open sesame"}
        assert ask("check", locked).answer == [{"ref": repository.made[-1]}]
        assert set(proxy.connected) == {f"127.0.0.1:{server.port}"} and len(proxy.connected) == 3
        result = ask("check", {**source, **tunnel(proxy, password="wr0ng")})
        assert result.status == 1 and "407" in result.error and "check source.https_tunnel" in result.error
        assert "wr0ng" not in result.stderr


def test_ssh_through_a_tunnel_that_leads_nowhere(ask, repository):
    with SshServer() as server, ConnectProxy() as proxy:
        source = ssh_source(server, repository, **tunnel(proxy))
        result = ask("check", {**source, "uri": "ssh://127.0.0.1:1/x.git"})
        assert result.status == 1 and "502" in result.error and "check source.https_tunnel" in result.error
        source["https_tunnel"]["proxy_port"] = 1
        result = ask("check", source)
        assert result.status == 1 and "check source.https_tunnel" in result.error


# Without git

@pytest.fixture
def without_git(tmp_path):
    (tmp_path / "empty").mkdir()
    return {"PATH": str(tmp_path / "empty")}


@pytest.mark.parametrize("form", ["{}", "file://{}"])
@pytest.mark.parametrize("source", [
    {}, {"version_depth": 3}, {"paths": ["dir1"]}, {"paths": ["dir2"], "version_depth": 3}, {"tag_filter": "v*"},
    {"tag_filter": "v*", "branch": "main"}, {"branch": "main"},
])
@pytest.mark.parametrize("known", [None, 2, 7, "1" * 40])
def test_check_of_a_directory_without_git(ask, repository, without_git, form, source, known):
    version = repository.made[known] if isinstance(known, int) else known
    source = {"uri": form.format(repository.path), **source}
    assert ask("check", source, version, env=without_git).answer == ask("check", source, version).answer


def test_check_after_a_force_push_without_git(ask, repository, without_git):
    forked = repository.commit("fork", {"fork": "x"}, branch="other", parents=[repository.made[4]])
    source = {"uri": str(repository.path), "branch": "other"}
    assert ask("check", source, repository.made[7], env=without_git).answer == ask("check", source, repository.made[7]).answer
    assert ask("check", source, env=without_git).answer == [{"ref": forked}]


@pytest.mark.parametrize("params", [{}, {"depth": 1}, {"depth": 3}, {"fetch_tags": True}, {"all_branches": True}])
def test_in_from_a_directory_without_git(ask, repository, without_git, params):
    repository.commit("elsewhere", {"x": "y"}, branch="other", parents=[repository.made[4]])
    repository.git("notes", "add", "-m", "a note", repository.made[5], env=repository.dates())
    source = {"uri": str(repository.path)}
    ours = ask("in", source, repository.made[5], params, env=without_git)
    theirs = ask("in", source, repository.made[5], params)
    assert ours.answer == theirs.answer
    for directory in (ours.destination, theirs.destination):
        subprocess.run(["git", "fsck", "--full", "--strict"], cwd=directory, env=ENVIRONMENT, check=True, capture_output=True)
        assert git("status", "--porcelain", directory=directory) == ""
        # Nothing of the source is linked (CVE-2024-32020): what is done here reaches nobody else's files.
        assert all(not path.is_symlink() and path.stat().st_nlink == 1 for path in directory.rglob("*") if path.is_file())
    listed = [git("rev-list", "--objects", "--all", "HEAD", directory=d) for d in (ours.destination, theirs.destination)]
    assert sorted(listed[0].splitlines()) == sorted(listed[1].splitlines())


def test_a_directory_that_is_no_repository_without_git(ask, tmp_path, without_git):
    result = ask("check", {"uri": str(tmp_path)}, env=without_git)
    assert result.status == 1 and "it is not a git repository; check source.uri" in result.error


@pytest.mark.parametrize("params", [{}, {"depth": 1}])
@pytest.mark.parametrize("with_git", [True, False])
def test_a_version_that_a_directory_does_not_have_is_told_so(ask, repository, without_git, params, with_git):
    result = ask("in", {"uri": f"file://{repository.path}"}, "1" * 40, params, env={} if with_git else without_git)
    assert result.status == 1 and "the repository does not have it (any more)" in result.error


@pytest.mark.parametrize("place", ["packed-refs", "objects/ab/cdef", "refs/heads/other", "HEAD", "."])
@pytest.mark.parametrize("with_git", [True, False])
def test_a_fifo_in_a_directory_holds_nobody(ask, repository, without_git, place, with_git):
    fifo = repository.path / place
    if place == ".":
        fifo = repository.path = repository.path.parent / "fifo"
    fifo.parent.mkdir(parents=True, exist_ok=True)
    fifo.unlink(missing_ok=True)
    os.mkfifo(fifo)
    for program in ("check", "in"):
        result = ask(program, {"uri": str(repository.path)}, repository.made[7], env={} if with_git else without_git, timeout=20)
        assert result.status == 1
        assert ("git repository" if place == "." else "it is neither a regular file nor a directory") in result.error


def test_a_shallow_clone_is_a_repository_too(ask, repository, without_git, tmp_path):
    subprocess.run(["git", "clone", "--quiet", "--depth=3", f"file://{repository.path}", str(tmp_path / "shallow")], check=True,
                   env=ENVIRONMENT, capture_output=True)
    result = ask("in", {"uri": str(tmp_path / "shallow")}, repository.made[7], env=without_git)
    assert result.status == 0, result.stderr
    assert git("rev-list", "--count", "HEAD", directory=result.destination) == "3"
    assert pathlib.Path(result.destination / ".git/shallow").read_text().split() == [repository.made[5]]

"""The source kind over ssh, against a real sshd: keys, passphrases, host keys, the agent, and older servers."""

import os
import pathlib

import pytest
from support.git_server import Repository
from support.program import run_program
from support.ssh_server import SshServer


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "it's a repository.git")


@pytest.fixture
def made(repository):
    return [repository.commit(f"change {i}", {f"dir{i}/file": f"{i}"}) for i in range(4)]


@pytest.fixture(scope="module")
def server():
    with SshServer() as running:
        yield running


def source(server, repository, **more) -> dict:
    return {"uri": server.url(repository.path), "private_key": server.key, "known_hosts": server.known_hosts, **more}


def check(programs, source, version=None):
    request = {"source": source, **({"version": {"ref": version}} if version else {})}
    return run_program(programs, "check", request)


def test_commits_are_found_with_a_key(programs, server, repository, made):
    assert check(programs, source(server, repository)).answer == [{"ref": made[3]}]
    assert check(programs, source(server, repository), made[1]).answer == [{"ref": ref} for ref in made[1:]]
    assert check(programs, source(server, repository, paths=["dir2"])).answer == [{"ref": made[2]}]


def test_a_key_may_have_a_passphrase(programs, server, repository, made):
    locked = source(server, repository, private_key=server.locked_key, private_key_passphrase="open sesame")
    assert check(programs, locked).answer == [{"ref": made[3]}]
    result = check(programs, {**locked, "private_key_passphrase": "wrong word"})
    assert result.status == 1 and "check source.private_key" in result.error
    assert "wrong word" not in result.stderr
    del locked["private_key_passphrase"]
    result = check(programs, locked)
    assert result.status == 1 and "check source.private_key" in result.error


def test_a_strange_key_is_refused_by_name(programs, server, repository, made):
    result = check(programs, source(server, repository, private_key=server.stranger_key))
    assert result.status == 1
    assert "the host refuses the key; check source.private_key" in result.error
    result = check(programs, source(server, repository, private_key="no key at all"))
    assert result.status == 1 and "check source.private_key" in result.error


def test_a_host_must_be_the_known_one(programs, server, repository, made):
    other = server.known_hosts.split()
    other[-1] = (server.state / "user.pub").read_text().split()[1]
    result = check(programs, source(server, repository, known_hosts=" ".join(other)))
    assert result.status == 1
    assert "the host's key is not the one in known_hosts; check source.known_hosts" in result.error
    trusting = source(server, repository)
    del trusting["known_hosts"]
    result = check(programs, trusting)
    assert result.answer == [{"ref": made[3]}]
    assert "give source.known_hosts" in result.stderr


def test_the_agent_is_forwarded_when_asked(programs, server, repository, made):
    assert check(programs, source(server, repository, forward_agent=True)).answer == [{"ref": made[3]}]


def test_the_user_may_be_named_apart(programs, server, repository, made):
    user = server.url("/").split("//")[1].split("@")[0]
    uri = server.url(repository.path).replace(f"{user}@", "nobody-here@")
    assert check(programs, source(server, repository, uri=uri, private_key_user=user)).answer == [{"ref": made[3]}]


def test_a_checkout_over_ssh(programs, server, repository, made, tmp_path):
    destination = tmp_path / "destination"
    result = run_program(programs, "in", {"source": source(server, repository), "version": {"ref": made[2]}}, destination)
    assert result.answer["version"] == {"ref": made[2]}
    assert (destination / "dir2/file").read_text() == "2"
    assert not list(pathlib.Path("/tmp").glob("build-service-ssh-*"))


def test_errors_name_the_repository(programs, server, repository, made):
    result = check(programs, source(server, repository, uri=server.url("/nowhere.git")))
    assert result.status == 1 and "there is no such repository; check source.uri" in result.error
    result = check(programs, source(server, repository, uri="ssh://127.0.0.1:1/x.git"))
    assert result.status == 1 and "onnection refused" in result.error


def test_a_server_of_version_0_is_spoken_to(programs, repository, made, tmp_path):
    with SshServer(protocol=0) as old:
        assert check(programs, source(old, repository)).answer == [{"ref": made[3]}]
        assert check(programs, source(old, repository), made[1]).answer == [{"ref": ref} for ref in made[1:]]
        assert check(programs, source(old, repository), "1" * 40).answer == [{"ref": made[3]}]
        destination = tmp_path / "old"
        run_program(programs, "in", {"source": source(old, repository), "version": {"ref": made[1]},
                                     "params": {"depth": 1}}, destination).answer
        assert (destination / "dir1/file").read_text() == "1"

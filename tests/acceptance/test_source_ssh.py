"""The source kind over ssh, against a real sshd: keys, passphrases, host keys, the agent, and older servers."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import threading

import pytest
from support.connect_proxy import relay
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
    assert result.status == 1
    assert result.error == ("cannot read source.private_key: it opens with a passphrase only; "
                            "give source.private_key_passphrase")


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


def test_the_agent_is_forwarded_only_when_asked(programs, server, repository, made):
    for key, passphrase in ((server.key, {}), (server.locked_key, {"private_key_passphrase": "open sesame"})):
        server.agent_log.unlink(missing_ok=True)
        given = source(server, repository, private_key=key, **passphrase)
        assert check(programs, given).answer == [{"ref": made[3]}]
        assert server.agent_log.read_text() == "none\n"
        assert check(programs, {**given, "forward_agent": True}).answer == [{"ref": made[3]}]
        _, forwarded = server.agent_log.read_text().splitlines()
        assert "(ED25519)" in forwarded and ("locked" if passphrase else "user") in forwarded


@pytest.mark.parametrize("form", ["hashed", "several hosts", "comments and blank lines", "carriage returns", "wildcard"])
def test_known_hosts_are_read_as_ssh_reads_them(programs, server, repository, made, form):
    place, kind, key = server.known_hosts.split()
    texts = {
        "several hosts": f"github.com {kind} {key[:-4]}AAAA\n{server.known_hosts}",
        "comments and blank lines": f"# the company's\n\n{server.known_hosts}\n\n",
        "carriage returns": server.known_hosts.replace("\n", "\r\n"),
        "wildcard": f"[127.0.0.*]:* {kind} {key}\n",
    }
    if form == "hashed":
        path = server.state / "hashed"
        path.write_text(server.known_hosts)
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
        texts[form] = path.read_text()
        assert place not in texts[form]
    assert check(programs, source(server, repository, known_hosts=texts[form])).answer == [{"ref": made[3]}]


@pytest.mark.parametrize("known_hosts", ["other.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJJ1+8pxkT2Zu0ZIpcgKvNl1e0Q1QyVwO3yJH9cW3bEV",
                                         "nonsense", "@revoked * {}"])
def test_a_host_that_is_not_known_is_refused(programs, server, repository, made, known_hosts):
    _, kind, key = server.known_hosts.split()
    result = check(programs, source(server, repository, known_hosts=known_hosts.format(f"{kind} {key}")))
    assert result.status == 1 and result.stdout == ""
    assert "known_hosts" in result.error and "check source.known_hosts" in result.error


def test_nothing_of_the_users_home_is_read_or_written(programs, server, repository, made, tmp_path):
    """ssh takes the home from the system's list of users and not from HOME: the real one is looked at, and restored."""
    home = pathlib.Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
    saved = home.with_name(f".ssh.before-test-{os.getpid()}")
    if home.exists():
        home.rename(saved)
    try:
        home.mkdir(mode=0o700)
        (home / "config").write_text("Host *\n  ProxyCommand false\n")
        (home / "known_hosts").write_text(server.known_hosts)
        (home / "id_ed25519").write_text(server.key)
        for path in home.iterdir():
            path.chmod(0o600)
        before = {path.name: path.stat().st_mtime_ns for path in home.iterdir()}
        given = source(server, repository)
        assert check(programs, given).answer == [{"ref": made[3]}]
        trusting = {name: value for name, value in given.items() if name != "known_hosts"}
        assert check(programs, trusting).answer == [{"ref": made[3]}]
        keyless = {name: value for name, value in given.items() if name != "private_key"}
        result = check(programs, keyless)
        assert result.status == 1 and "the host refuses the key" in result.error, "the key in the home is not ours to use"
        assert {path.name: path.stat().st_mtime_ns for path in home.iterdir()} == before
    finally:
        shutil.rmtree(home)
        if saved.exists():
            saved.rename(home)


def test_the_user_may_be_named_apart(programs, server, repository, made):
    user = server.url("/").split("//")[1].split("@")[0]
    uri = server.url(repository.path).replace(f"{user}@", "nobody-here@")
    assert check(programs, source(server, repository, uri=uri, private_key_user=user)).answer == [{"ref": made[3]}]


def test_a_checkout_over_ssh(programs, server, repository, made, tmp_path):
    destination = tmp_path / "destination"
    result = run_program(programs, "in", {"source": source(server, repository), "version": {"ref": made[2]}}, destination)
    assert result.answer["version"] == {"ref": made[2]}
    assert (destination / "dir2/file").read_text() == "2"


def test_a_host_that_hangs_up_is_asked_again(programs, server, repository, made):
    """As sshd does when too many knock at once (MaxStartups)."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        def close_twice_then_connect():
            for _ in range(2):
                door.accept()[0].close()
            client, _ = door.accept()
            with client, socket.create_connection(("127.0.0.1", server.port)) as host:
                relay(client, host)

        threading.Thread(target=close_twice_then_connect, daemon=True).start()
        through = source(server, repository)
        through["uri"] = through["uri"].replace(str(server.port), str(door.getsockname()[1]))
        del through["known_hosts"]
        result = check(programs, through)
    assert result.answer == [{"ref": made[3]}]
    assert "attempt 3 of 3" in result.stderr


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

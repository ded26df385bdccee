"""Git LFS in a get: contents in the place of pointers, verified, or none at all."""

import base64
import json
import time

import pytest
from support.git_server import Repository, git
from support.lfs_server import LfsServer, pointer
from support.program import run_program
from support.ssh_server import SshServer

ATTRIBUTES = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"}
CONTENT = b"a large file\n" * 1000


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repositories/app.git")


@pytest.fixture
def server(repository):
    with LfsServer(repository.path.parent, user="ann", password="geheim4711") as running:
        yield running


@pytest.fixture
def get(programs, server, tmp_path):
    def run(ref, params=None, uri=None):
        source = {"uri": uri or server.url("app"), "username": "ann", "password": "geheim4711"}
        return run_program(programs, "in", {"source": source, "version": {"ref": ref}, "params": params or {}},
                           tmp_path / "destination")
    return run


def test_contents_take_the_place_of_pointers(repository, server, get, tmp_path):
    text = server.add(CONTENT)
    made = repository.commit("lfs", {**ATTRIBUTES, "a.bin": text, "dir/b.bin": ("100755", server.add(b"b")), "c.txt": text,
                                     "again.bin": text})
    get(made).answer
    destination = tmp_path / "destination"
    assert (destination / "a.bin").read_bytes() == (destination / "again.bin").read_bytes() == CONTENT
    assert (destination / "dir/b.bin").read_bytes() == b"b" and (destination / "dir/b.bin").stat().st_mode & 0o100
    assert (destination / "c.txt").read_text() == text
    assert git("status", "--porcelain", directory=destination) == ""
    assert [len(batch["objects"]) for batch in server.batches] == [2]
    assert server.batches[0]["operation"] == "download"


def test_attributes_that_give_a_file_to_lfs_are_read_as_git_reads_them(repository, server, get, tmp_path):
    attributes = '[attr]large filter=lfs -text\n"a b/*" large\n*.\\[x\\] large\n"\\303\\204.bin" filter=lfs\n"a b/kept" -filter\n'
    names = ["a b/c", "d.[x]", "Ä.bin"]
    files = {".gitattributes": attributes, "a b/kept": server.add(CONTENT), **{name: server.add(CONTENT) for name in names}}
    get(repository.commit("lfs", files)).answer
    for name in names:
        assert (tmp_path / "destination" / name).read_bytes() == CONTENT
    assert (tmp_path / "destination/a b/kept").read_text() == pointer(CONTENT)


def test_pointers_stay_when_asked_to(repository, server, get, tmp_path):
    text = server.add(CONTENT)
    get(repository.commit("lfs", {**ATTRIBUTES, "a.bin": text}), {"disable_git_lfs": True}).answer
    assert (tmp_path / "destination/a.bin").read_text() == text
    assert server.batches == []


@pytest.mark.parametrize("alter, cause", [
    (lambda content: content[:-1], "it is shorter than its pointer says"),
    (lambda content: content + b"x", "it is longer than its pointer says"),
    (lambda content: content[:-1] + b"x", "its content is not what its pointer says"),
])
def test_altered_contents_are_refused(repository, server, get, tmp_path, alter, cause):
    server.alter = alter
    result = get(repository.commit("lfs", {**ATTRIBUTES, "a.bin": server.add(CONTENT)}))
    assert result.status == 1 and cause in result.error
    assert list((tmp_path / "destination").iterdir()) == []


def test_a_missing_object_is_named(repository, get, tmp_path):
    result = get(repository.commit("lfs", {**ATTRIBUTES, "a.bin": pointer(b"nowhere")}))
    assert result.status == 1
    assert "the server says 404 Object does not exist; set params.disable_git_lfs" in result.error
    assert list((tmp_path / "destination").iterdir()) == []


def test_a_local_repository_keeps_them_beside_it(repository, server, get, tmp_path):
    text = server.add(CONTENT)
    (digest, content), = server.objects.items()
    path = repository.path / "lfs/objects" / digest[:2] / digest[2:4] / digest
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    get(repository.commit("lfs", {**ATTRIBUTES, "a.bin": text}), uri=str(repository.path)).answer
    assert (tmp_path / "destination/a.bin").read_bytes() == CONTENT


def get_by_ssh(programs, ssh, repository, ref, directory, **more):
    source = {"uri": ssh.url(repository.path), "private_key": ssh.key, "known_hosts": ssh.known_hosts, "debug": True, **more}
    return run_program(programs, "in", {"source": source, "version": {"ref": ref}}, directory)


def authenticate(answer: object) -> str:
    """A git-lfs-authenticate that says `answer`, and keeps what it was asked."""
    return f"#!/bin/sh\necho \"$@\" >>\"$(dirname \"$0\")/../asked\"\ncat <<'END'\n{json.dumps(answer)}\nEND\n"


def test_a_host_reached_by_ssh_says_where_they_are(programs, repository, server, tmp_path):
    made = repository.commit("lfs", {**ATTRIBUTES, "a.bin": server.add(CONTENT)})
    secret = base64.b64encode(b"ann:geheim4711").decode()
    with SshServer() as ssh:
        ssh.add_program("git-lfs-authenticate", authenticate({"href": f"{server.url('app')}/info/lfs/",
                                                              "header": {"Authorization": f"Basic {secret}"}, "expires_in": 60}))
        result = get_by_ssh(programs, ssh, repository, made, tmp_path / "destination")
        assert (ssh.state / "asked").read_text() == f"{repository.path} download\n"
    assert result.status == 0, result.stderr
    assert (tmp_path / "destination/a.bin").read_bytes() == CONTENT
    assert git("status", "--porcelain", directory=tmp_path / "destination") == ""
    assert secret not in result.stderr and secret not in result.stdout
    # What is meant for the batch API does not go where the objects are.
    assert [headers.get("Authorization") for method, path, headers in server.requests if path.startswith("/objects/")] == [None]


@pytest.mark.parametrize(("answer", "cause"), [
    ({"href": "file:///etc"}, "it has no http(s) address"),
    ({"href": "http://127.0.0.1:1/x", "header": {"A": "b\r\nC: d"}}, "a header that it asks for is not valid"),
    ([], "it has no http(s) address"),
])
def test_a_host_that_says_nonsense_of_them_is_refused(programs, repository, tmp_path, answer, cause):
    made = repository.commit("lfs", {**ATTRIBUTES, "a.bin": pointer(CONTENT)})
    with SshServer() as ssh:
        ssh.add_program("git-lfs-authenticate", authenticate(answer))
        result = get_by_ssh(programs, ssh, repository, made, tmp_path / "destination")
    assert result.status == 1 and f"the answer of git-lfs-authenticate: {cause}" in result.error
    assert not (tmp_path / "destination").exists() or list((tmp_path / "destination").iterdir()) == []


def test_a_host_without_the_command_has_them_beside_the_repository(programs, repository, tmp_path):
    made = repository.commit("lfs", {**ATTRIBUTES, "a.bin": pointer(CONTENT)})
    with SshServer() as ssh:
        result = get_by_ssh(programs, ssh, repository, made, tmp_path / "destination")
    assert result.status == 1 and f"https://127.0.0.1{repository.path}/info/lfs/objects/batch" in result.stderr


def test_what_the_repository_leaves_out_stays_a_pointer(repository, server, get, tmp_path):
    pointers = {name: server.add(name.encode()) for name in ("wanted/a.bin", "wanted/big/b.bin", "c.bin")}
    settings = "[lfs]\n\tfetchinclude = wanted/**\n\tfetchexclude = *.iso, big\n"
    get(repository.commit("lfs", {**ATTRIBUTES, ".lfsconfig": settings, **pointers})).answer
    assert (tmp_path / "destination/wanted/a.bin").read_text() == "wanted/a.bin"
    for name in ("wanted/big/b.bin", "c.bin"):
        assert (tmp_path / "destination" / name).read_text() == pointers[name]
    assert git("status", "--porcelain", directory=tmp_path / "destination") == ""


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_batch_that_is_redirected_is_asked_again_by_post(repository, server, get, tmp_path, status):
    """As hosts answer for a repository that was renamed. The second batch goes where the first one was sent to."""
    def moved(handler, path):
        if path != "/app.git/info/lfs/objects/batch":
            return False
        handler.answer(status, Location="/renamed.git/info/lfs/objects/batch")
        return True

    server.first = moved
    contents = [b"%d" % i for i in range(101)]
    made = repository.commit("lfs", {**ATTRIBUTES, **{f"{i}.bin": server.add(content) for i, content in enumerate(contents)}})
    get(made).answer
    assert (tmp_path / "destination/100.bin").read_bytes() == b"100"
    batches = [(method, path, headers.get("Authorization")) for method, path, headers in server.requests if path.endswith("/batch")]
    secret = "Basic " + base64.b64encode(b"ann:geheim4711").decode()
    assert batches == [("POST", "/app.git/info/lfs/objects/batch", secret), *[("POST", "/renamed.git/info/lfs/objects/batch", secret)] * 2]


def test_a_batch_that_is_redirected_to_another_host_takes_no_credentials_there(repository, server, get, tmp_path):
    made = repository.commit("lfs", {**ATTRIBUTES, "a.bin": server.add(CONTENT)})
    with LfsServer(repository.path.parent) as other:
        other.add(CONTENT)

        def moved(handler, path):
            if not path.endswith("/batch"):
                return False
            handler.answer(302, Location=f"{other.base}/app.git/info/lfs/objects/batch")
            return True

        server.first = moved
        get(made).answer
        assert (tmp_path / "destination/a.bin").read_bytes() == CONTENT
        assert [method for method, path, _ in other.requests if path.endswith("/batch")] == ["POST"]
        assert not any("Authorization" in headers for _, _, headers in other.requests)


@pytest.mark.parametrize("location", ["/users/sign_in", "/app.git/info/lfs/objects/batch"])
def test_a_batch_that_is_redirected_to_nowhere_is_refused(repository, server, get, location, golden):
    def moved(handler, path):
        if not path.endswith("/batch"):
            return False
        handler.answer(302, Location=location)
        return True

    server.first = moved
    result = get(repository.commit("lfs", {**ATTRIBUTES, "a.bin": server.add(CONTENT)}))
    assert result.status == 1
    golden(result.error)


@pytest.mark.parametrize("status", [401, 403, 410])
def test_a_link_that_has_expired_is_asked_for_again(repository, server, get, tmp_path, status):
    """Each link serves three objects of each batch, and the others only the next time."""
    served = []

    def expired(handler, path):
        if not path.startswith("/objects/"):
            return False
        of_this_batch = len(server.batches)
        served.append(of_this_batch)
        if served.count(of_this_batch) <= 3:
            return False
        handler.answer(status)
        return True

    server.first = expired
    made = repository.commit("lfs", {**ATTRIBUTES, **{f"{i}.bin": server.add(b"%d" % i) for i in range(10)}})
    get(made).answer
    assert sorted(path.read_bytes() for path in (tmp_path / "destination").glob("*.bin")) == [b"%d" % i for i in range(10)]
    assert [len(batch["objects"]) for batch in server.batches] == [10, 7, 4, 1]


def test_a_link_that_is_past_its_time_is_not_used(repository, server, get, tmp_path):
    server.expiry = {"expires_in": 1}

    def slow(handler, path):
        if path.startswith("/objects/") and len(server.batches) == 1:
            server.expiry = {}
            time.sleep(2)
        return False

    server.first = slow
    made = repository.commit("lfs", {**ATTRIBUTES, **{f"{i}.bin": server.add(b"%d" % i) for i in range(12)}})
    get(made).answer
    assert sorted(path.read_bytes() for path in (tmp_path / "destination").glob("*.bin")) == sorted(b"%d" % i for i in range(12))
    assert len(server.batches) == 2 and len(server.batches[1]["objects"]) >= 4  # eight are fetched at once


def test_a_link_that_is_always_refused_ends_with_what_the_host_says(repository, server, get, golden):
    def refused(handler, path):
        if not path.startswith("/objects/"):
            return False
        handler.answer(403, b"The quota of the\norganization is used up.\n", Content_Type="text/plain")
        return True

    server.first = refused
    result = get(repository.commit("lfs", {**ATTRIBUTES, "a.bin": server.add(b"a")}))
    assert result.status == 1 and len(server.batches) == 2
    golden(result.error.replace("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", "<digest>"))


def test_what_the_batch_api_says_of_a_refusal_is_shown(repository, server, get, golden):
    def refused(handler, path):
        if not path.endswith("/batch"):
            return False
        handler.answer(403, b'{"message": "LFS is off for this\\u001b repository"}', Content_Type="application/vnd.git-lfs+json")
        return True

    server.first = refused
    result = get(repository.commit("lfs", {**ATTRIBUTES, "a.bin": server.add(b"a")}))
    assert result.status == 1
    golden(result.error)

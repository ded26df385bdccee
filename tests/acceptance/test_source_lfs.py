"""Git LFS in a get: contents in the place of pointers, verified, or none at all."""

import pytest
from support.git_server import Repository, git
from support.lfs_server import LfsServer, pointer
from support.program import run_program

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

"""check and in of an Image of kpack, against a real kube-apiserver and with the rights that the docs name."""

import json

import pytest

from support.kpack.builds import API
from support.kpack.plays import BuildPlay
from support.program import run_program
from support.reference import files

URL = "https://git.example/acme/app"
COMMITS = [digit * 40 for digit in "abcdef"]


@pytest.fixture
def source(kube_server, namespace, narrow_token) -> dict:
    return {"image": "app", "namespace": namespace, "kubeconfig": kube_server.kubeconfig(token=narrow_token)}


@pytest.fixture
def built(kube_server, kpack, namespace):
    """A function that has kpack build one commit after another, and gives the finished Builds."""
    def build(commits: list[str], **plays) -> list[dict]:
        kpack.sources.repositories[URL] = {}
        kpack.builder(buildpacks={"acme/java": "1.0.0"})
        made = []
        for number, commit in enumerate(commits, 1):
            if str(number) in plays:
                kpack.next_build("app", plays[str(number)])
            if number == 1:
                kpack.image(namespace, "app", git=(URL, commit))
            else:
                kube_server.admin.patch("images", "app", {"spec": {"source": {"git": {"revision": commit}}}}, namespace)
            made.append(kpack.wait_build(namespace, "app", number))
        return made
    return build


def image_of(build: dict) -> str:
    return build["status"]["latestImage"]


def check(programs, source: dict, version: str = "") -> list[str]:
    request = {"source": source, **({"version": {"image": version}} if version else {})}
    return [entry["image"] for entry in run_program(programs, "check", request).answer]


def test_check_gives_what_kpack_built_oldest_first_from_the_known_version_on(programs, source, built):
    builds = built([*COMMITS[:3], "1" * 40], **{"3": BuildPlay(fails="build")})
    images = [image_of(builds[number]) for number in (0, 1, 3)]
    assert check(programs, source, images[0]) == images
    assert check(programs, source, images[1]) == images[1:]
    assert check(programs, source) == images[-1:]
    gone = images[0].partition("@")[0] + "@sha256:" + "0" * 64
    assert check(programs, source, gone) == images[-1:]


def test_check_gives_equal_neighbours_once(programs, source, built):
    digest = "sha256:" + "7" * 64
    builds = built(COMMITS[:4], **{"2": BuildPlay(digest=digest), "3": BuildPlay(digest=digest)})
    images = [image_of(builds[number]) for number in (0, 1, 3)]
    assert check(programs, source, images[0]) == images


def test_check_answers_an_empty_list_when_nothing_was_built(programs, source, built):
    result = run_program(programs, "check", {"source": source})
    assert (result.status, result.stdout) == (0, "[]\n"), result.stderr
    built(COMMITS[:1], **{"1": BuildPlay(fails="build")})
    result = run_program(programs, "check", {"source": source})
    assert (result.status, result.stdout) == (0, "[]\n"), result.stderr


def test_in_writes_the_reference_files_and_shows_the_build(programs, source, built, tmp_path):
    build = built(COMMITS[:2])[1]
    answer = run_program(programs, "in", {"source": source, "version": {"image": image_of(build)}}, tmp_path).answer
    repository, _, digest = image_of(build).partition("@")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "image": image_of(build), "repository": repository, "tag": "latest", "digest": digest}
    assert answer["version"] == {"image": image_of(build)}
    shown = {entry["name"]: entry["value"] for entry in answer["metadata"]}
    assert shown["build"] == "#2 (app-build-2)"
    assert shown["reason"] == "COMMIT"
    assert shown["commit"] == COMMITS[1]
    assert shown["source"] == URL
    assert shown["buildpacks"] == "acme/java 1.0.0"
    assert "@sha256:" in shown["run image"]
    assert shown["finished"] >= shown["started"]


def test_in_writes_the_history_with_its_logs(programs, source, built, kube_server, kpack, namespace, tmp_path):
    lines = {"build": ["\x1b[2Jcompiling", b"\xff"]}
    builds = built(COMMITS[:3], **{"1": BuildPlay(fails="build"), "2": BuildPlay(lines=lines)})
    kube_server.admin.delete("pods", builds[0]["status"]["podName"], namespace)
    request = {"source": source, "version": {"image": image_of(builds[1])}, "params": {"builds": 5, "deploy": ["patch"]}}
    assert run_program(programs, "in", request, tmp_path).status == 0
    documents = json.loads((tmp_path / "builds.json").read_text())
    assert [(entry["number"], entry["status"]) for entry in documents] == [(1, "FAILURE"), (2, "SUCCESS")]
    assert documents[1]["engine"] == "kpack"
    assert documents[1]["commit"] == COMMITS[1]
    table = [line.split() for line in (tmp_path / "builds.txt").read_text().splitlines()]
    assert table[0] == ["BUILD", "STATUS", "BUILT", "IMAGE", "REASON", "IMAGE", "RESOURCE"]
    assert table[1] == ["1", "FAILURE", "CONFIG", "app"]
    assert table[2] == ["2", "SUCCESS", image_of(builds[1]), "COMMIT", "app"]
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["2.log"]
    written = {path.name for path in tmp_path.iterdir() if path.is_file()} | {"logs/<number>.log", "deploy/"}
    assert written == files(programs, "image")
    assert f'value: "{image_of(builds[1])}"' in (tmp_path / "deploy/patch.yaml").read_text()
    log = (tmp_path / "logs/2.log").read_text()
    assert "===> BUILD\ncompiling\n?\n===> EXPORT\n" in log


def test_in_of_an_image_whose_build_kpack_has_deleted(programs, source, built, kpack, kube_server, namespace, tmp_path):
    build = built(COMMITS[:1])[0]
    kpack.pause()  # of an Image without Builds it would make the first again
    kube_server.admin.delete("builds", "app-build-1", namespace)
    request = {"source": source, "version": {"image": image_of(build)}, "params": {"builds": 5}}
    result = run_program(programs, "in", request, tmp_path)
    assert [entry["name"] for entry in result.answer["metadata"]] == ["repository", "digest"]
    assert (tmp_path / "image").read_text() == image_of(build)
    assert json.loads((tmp_path / "builds.json").read_text()) == []


def test_a_client_certificate_signs_in_as_well(programs, kube_server, namespace, built):
    build = built(COMMITS[:1])[0]
    api = "rbac.authorization.k8s.io"
    kube_server.admin.create("roles", {"metadata": {"name": "readers"}, "rules": [
        {"apiGroups": ["kpack.io"], "resources": ["builds"], "verbs": ["list"]}]}, namespace)
    kube_server.admin.create("rolebindings", {
        "metadata": {"name": "readers"}, "subjects": [{"kind": "Group", "apiGroup": api, "name": "devs"}],
        "roleRef": {"apiGroup": api, "kind": "Role", "name": "readers"}}, namespace)
    kubeconfig = kube_server.kubeconfig(certificate=kube_server.certificate("ann", "devs"), namespace=namespace)
    assert check(programs, {"image": "app", "kubeconfig": kubeconfig}) == [image_of(build)]


def test_a_server_and_a_token_need_no_kubeconfig(programs, kube_server, namespace, narrow_token, built):
    build = built(COMMITS[:1])[0]
    cluster = {"server": kube_server.url, "token": narrow_token, "ca_certs": [kube_server.ca.read_text()]}
    assert check(programs, {"image": "app", "namespace": namespace, "cluster": cluster}) == [image_of(build)]


def test_check_asks_the_api_once(programs, source, built):
    built(COMMITS[:2])
    result = run_program(programs, "check", {"source": {**source, "debug": True}})
    requests = [line for line in result.lines if line.startswith("debug: GET ")]
    assert len(requests) == 1, result.stderr
    assert f"/apis/{API}/namespaces/" in requests[0]

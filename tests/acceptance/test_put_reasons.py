"""What a put does follows from what has changed: nothing, the base alone, or more; and each build is on record."""

import json
import pathlib
import threading

import pytest

from support import make_roots, push_image
from support.concourse import RootDirectory
from support.concourse.container import PATH
from support.fault_proxy import FaultProxy
from support.program import ANSI, run_program
from support.referrers_proxy import ReferrersProxy
from support.registry_server import RegistryServer

BUILDPACK = """
api = "0.10"
[buildpack]
id = "tests/copy"
version = "{version}"
name = "copy"
[[targets]]
os = "linux"
"""
# Two launch layers: one that never changes, and one of the application's words. It lists what it was given.
BUILD = """#!/bin/sh
set -e
mkdir -p "$CNB_LAYERS_DIR/tool" "$CNB_LAYERS_DIR/words"
echo tool >"$CNB_LAYERS_DIR/tool/file"
cat words >"$CNB_LAYERS_DIR/words/file"
for layer in tool words; do printf '[types]\\nlaunch = true\\n' >"$CNB_LAYERS_DIR/$layer.toml"; done
echo "files: $(find . -type f | sort | tr '\\n' ' ')"
echo "variables: $(cd "$CNB_PLATFORM_DIR/env" && ls | tr '\\n' ' ')"
[ ! -e "$CNB_PLATFORM_DIR/env/BP_SHOWN" ] || echo "shown: $(cat "$CNB_PLATFORM_DIR/env/BP_SHOWN")"
cat >"$CNB_LAYERS_DIR/launch.toml" <<X
[[processes]]
type = "web"
command = ["cat", "words"]
default = true
[[processes]]
type = "other"
command = ["true"]
X
"""
LABELS = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}
TYPES = ", ".join((push_image.OCI["manifest"], push_image.DOCKER["manifest"], "application/vnd.oci.image.index.v1+json"))


def buildpack(folder: pathlib.Path, version: str) -> pathlib.Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "buildpack.toml").write_text(BUILDPACK.format(version=version))
    for name, script in (("detect", "#!/bin/sh\nexit 0\n"), ("build", BUILD)):
        (folder / "bin" / name).write_text(script)
        (folder / "bin" / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def builder(as_root, tmp_path_factory):
    tmp = tmp_path_factory.mktemp("reasons")
    return make_roots.make_builder(tmp / "builder", run_image="not.example.com/run:base", order=[["tests/copy"]],
                                   buildpacks=[buildpack(tmp / "buildpack", "1.0.0")])


class Put:
    """A builder's container, a registry with a run image, an application."""

    def __init__(self, programs, builder, tmp: pathlib.Path, host: str):
        self.programs, self.tmp, self.host = programs, tmp, host
        self.registry = push_image.Registry(host)
        self.container = RootDirectory(builder.root, programs, builder.environment).new_container(tmp / "container")
        self.volume, self.inputs = self.container.volume("put")
        self.application = self.volume / "app"
        self.application.mkdir()
        self.write("words", "hello\n")
        self.base("1")

    def write(self, name: str, text: str) -> None:
        (self.application / name).parent.mkdir(parents=True, exist_ok=True)
        (self.application / name).write_text(text)

    def commit(self, commit: str) -> None:
        self.write(".git/HEAD", commit + "\n")
        self.write(".git/url", f"https://github.com/acme/app/commit/{commit}\n")
        self.write(".git/author", "Ann\x1b[31m\n")
        self.write(".git/author_url", "https://github.com/ann\n")
        self.write(".git/config", '[remote "origin"]\n\turl = https://github.com/acme/app.git\n')

    def base(self, version: str, repository: str = "run", labels: dict | None = None) -> str:
        """Publishes a run image and hands it to the put as a get would; its digest."""
        config = {"architecture": make_roots.architecture(), "os": "linux", "created": "1980-01-01T00:00:01Z",
                  "config": {"Env": ["PATH=/bin"], "Labels": {**LABELS, **(labels or {})}}}
        layers = [push_image.files_layer({"etc/base": b"same\n"}),
                  push_image.files_layer({"etc/base-version": version.encode()})]
        digest = self.registry.push(repository, "base", push_image.Image(config, layers))
        (self.volume / "base").mkdir(exist_ok=True)
        (self.volume / "base/image").write_text(f"{self.host}/{repository}@{digest}")
        return digest

    def request(self, **params) -> dict:
        params = {"source": "app", "run_image": "base", **params}
        return {"source": {"repository": f"{self.host}/app", "tag": "main"},
                "params": {name: value for name, value in params.items() if value is not None}}

    def run(self, **params):
        environment = {"PATH": PATH, "HOME": "/root", "ATC_EXTERNAL_URL": "https://ci.example.com", "BUILD_ID": "42"}
        return self.container.run("out", [self.inputs], self.request(**params), environment)

    def __call__(self, **params) -> tuple[dict, str]:
        """The version's digest with the metadata, and the log."""
        outcome = self.run(**params)
        assert outcome.status == 0, outcome.stderr
        answer = json.loads(outcome.stdout)
        assert answer["version"]["tag"] == "main"
        facts = {entry["name"]: entry["value"] for entry in answer["metadata"]}
        return {**facts, "digest": answer["version"]["digest"]}, ANSI.sub("", outcome.stderr)

    def get(self, digest: str, **params):
        request = {"source": {"repository": f"{self.host}/app", "tag": "main"}, "version": {"tag": "main", "digest": digest},
                   "params": {"skip_download": True, **params}}
        destination = self.tmp / f"get-{len(list(self.tmp.glob('get-*')))}"
        destination.mkdir()
        result = run_program(self.programs, "in", request, destination)
        return {entry["name"]: entry["value"] for entry in result.answer["metadata"]}, destination

    def manifest(self, name: str, repository: str = "app") -> dict:
        answer = self.registry.request("GET", f"/v2/{repository}/manifests/{name}", headers={"Accept": TYPES})
        return {**json.loads(answer.read()), "digest": answer.headers["Docker-Content-Digest"]}

    def config(self, digest: str) -> dict:
        blob = self.manifest(digest)["config"]["digest"]
        return json.loads(self.registry.request("GET", f"/v2/app/blobs/{blob}").read())

    def layers(self, digest: str) -> list[str]:
        return [layer["digest"] for layer in self.manifest(digest)["layers"]]


@pytest.fixture
def registry(tmp_path):
    with RegistryServer(tmp_path / "registry") as registry:
        yield registry


@pytest.fixture
def put(programs, builder, tmp_path, registry):
    return Put(programs, builder, tmp_path, registry.host)


def reasons(log: str) -> str:
    lines = [line for line in log.splitlines() if line.startswith("Build reason(s): ")]
    assert len(lines) == 1, log
    return lines[0].removeprefix("Build reason(s): ")


def differences(log: str, reason: str) -> list[str]:
    """The lines below one reason."""
    _, _, rest = log.partition(f"\n{reason}:\n")
    lines = rest.splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("  ")), len(lines))
    return [line.strip() for line in lines[:end]]


def test_nothing_changed_is_no_build_and_sets_every_tag(put):
    first, log = put()
    assert reasons(log) == "CONFIG" and "first build" in log and "===> BUILDING" in log
    second, log = put(additional_tags=["1.2.3", "stable"])
    assert second["digest"] == first["digest"]
    assert "nothing has changed since image build #1" in log and "===> BUILDING" not in log and "Build reason" not in log
    assert {put.manifest(tag)["digest"] for tag in ("main", "1.2.3", "stable")} == {first["digest"]}
    # The page of such a put shows the build that made the image.
    assert second["build"] == "#1" and second["reason"] == "CONFIG"


def test_changed_words_are_a_reason_without_a_commit_too(put):
    put()
    put.write("words", "other\n")
    _, log = put()
    assert reasons(log) == "COMMIT"
    assert [line[:14] for line in differences(log, "COMMIT")] == ["- files sha256", "+ files sha256"]
    assert "\n1 file changed\n" in log


def test_a_commit_is_shown_with_the_one_before(put):
    put.commit("a" * 40)
    put()
    put.commit("b" * 40)
    put.write("words", "other\n")
    facts, log = put()
    assert differences(log, "COMMIT") == ["- " + "a" * 40, "+ " + "b" * 40]
    assert facts["commit"] == "b" * 40 and facts["commit url"].endswith("b" * 40)
    assert facts["source"] == "https://github.com/acme/app.git"
    assert facts["author"] == "Ann?[31m" and facts["author url"] == "https://github.com/ann"


def test_an_authors_page_that_may_hold_credentials_is_not_shown(put):
    put.commit("a" * 40)
    put.write(".git/author_url", "https://ann:geheim@github.com/ann\n")
    facts, log = put()
    assert "author url" not in facts and "geheim" not in log


def test_a_commit_that_changes_no_file_is_no_build(put):
    put.commit("a" * 40)
    first, _ = put()
    put.commit("b" * 40)
    again, log = put()
    assert again["digest"] == first["digest"] and "nothing has changed" in log


def test_a_source_changed_after_its_checkout_is_built(put):
    put.commit("a" * 40)
    first, _ = put()
    put.write("words", "changed by a task\n")
    second, log = put()
    assert second["digest"] != first["digest"] and reasons(log) == "COMMIT"


def test_a_changed_variable_is_a_reason_and_its_value_is_nowhere(put, registry):
    words = ["a-secret-value", "another-secret-value"]
    put(env={"BP_TOKEN": words[0]})
    _, log = put(env={"BP_TOKEN": words[0]})
    assert "nothing has changed" in log
    _, log = put(env={"BP_TOKEN": words[1]})
    assert reasons(log) == "CONFIG" and "variables: BP_TOKEN" in log
    assert [line[:15] for line in differences(log, "CONFIG")] == ["- env: BP_TOKEN", "+ env: BP_TOKEN"]
    stored = b"".join(path.read_bytes() for path in registry.data.rglob("data")) + log.encode()
    assert b"BP_TOKEN" in stored
    assert not [word for word in words if word.encode() in stored]


def test_a_value_that_a_buildpack_prints_is_not_in_the_record(put, registry):
    facts, log = put(env={"BP_SHOWN": "a-token-of-some-length"})
    assert "shown: a-token-of-some-length" in log
    _, destination = put.get(facts["digest"], builds=1)
    assert "shown: ((BP_SHOWN))" in (destination / "logs/1.log").read_text()
    assert b"a-token-of-some-length" not in b"".join(path.read_bytes() for path in registry.data.rglob("data"))


def test_process_labels_and_force_are_reasons(put):
    put()
    facts, log = put(process="other", labels={"team": "blue"})
    assert reasons(log) == "CONFIG" and differences(log, "CONFIG") == ["+ labels: team=blue", "+ process: other"]
    config = put.config(facts["digest"])["config"]
    assert config["Labels"]["team"] == "blue" and config["Entrypoint"] == ["/cnb/process/other"]
    again, log = put(process="other", labels={"team": "blue"}, force=True)
    assert reasons(log) == "TRIGGER" and "===> BUILDING" in log
    assert again["digest"] == facts["digest"] and "the same as before" in log and again["build"] == "#3"


def test_the_base_may_be_patched_and_reverted(put, registry):
    first, _ = put()
    before = put.layers(first["digest"])
    put.base("2")
    second, log = put()
    assert reasons(log) == "STACK" and "===> REBASING" in log and "===> BUILDING" not in log
    assert [line[:2] for line in differences(log, "STACK")] == ["- ", "+ "]
    after = put.layers(second["digest"])
    assert before[2:] == after[2:] and before[0] == after[0] and before[1] != after[1]
    assert second["build"] == "#2 (rebase)" and second["layers"].endswith(f"{len(after) - 2} reused")
    # Back to the base that was: the image that was, and a word about what Concourse does with it.
    put.base("1")
    third, log = put()
    assert third["digest"] == first["digest"] and put.manifest("main")["digest"] == first["digest"]
    assert "has been in the registry before" in log
    _, log = put()
    assert "nothing has changed since image build #3" in log


def test_a_rebase_sends_and_reads_nothing_of_the_application(programs, builder, tmp_path, registry):
    with FaultProxy(registry.host) as proxy:
        put = Put(programs, builder, tmp_path, proxy.host)
        first, _ = put()
        own = put.layers(first["digest"])[2:]
        put.base("2")
        proxy.requests.clear()
        proxy.received = 0
        _, log = put()
        assert "===> REBASING" in log
        assert [(method, path) for method, path, _ in proxy.requests if any(layer in path for layer in own)] == []
        # The base and the image read (4), the record before looked up (2), the configuration sent (2), the record, the
        # list of records and the tag written (4).
        asked = [(method, path) for method, path, _ in proxy.requests if "mount=" not in path and path != "/v2/"]
        assert proxy.received < 30_000 and len(asked) <= 12, asked
        proxy.requests.clear()
        _, log = put()
        asked = [(method, path) for method, path, _ in proxy.requests if "mount=" not in path and path != "/v2/"]
        assert "nothing has changed" in log and len(asked) <= 8, asked


def test_rebase_may_be_forbidden_and_may_be_impossible(put):
    put()
    put.base("2")
    _, log = put(rebase=False)
    assert reasons(log) == "STACK" and "===> BUILDING" in log
    put.base("3", labels={"io.buildpacks.base.distro.version": "13"})
    _, log = put()
    assert "no rebase: the image is for" in log and "===> BUILDING" in log
    put.base("4", repository="other", labels={"io.buildpacks.base.distro.version": "13"})
    _, log = put()
    assert "no rebase: the image was built on" in log and "===> BUILDING" in log


def test_a_rebase_alone_needs_neither_source_nor_builder(put, programs):
    request = put.request(source=None, rebase="only")
    (put.volume / "base/image").write_text(f"{put.host}/run:base")
    result = run_program(programs, "out", request, put.volume)
    assert result.status != 0 and "there is no image that buildpacks built" in result.error
    put.base("1")
    first, _ = put()
    put.base("2")
    result = run_program(programs, "out", request, put.volume)
    digest = result.answer["version"]["digest"]
    assert put.layers(digest)[2:] == put.layers(first["digest"])[2:] and "===> REBASING" in "\n".join(result.lines)
    result = run_program(programs, "out", request, put.volume)
    assert result.answer["version"]["digest"] == digest and "nothing has changed" in result.stderr
    put.base("3", repository="other")
    result = run_program(programs, "out", request, put.volume)
    assert result.status != 0 and "params.force" in result.error and "/other" in result.error
    result = run_program(programs, "out", {**request, "params": {**request["params"], "force": True}}, put.volume)
    assert result.answer["version"]["digest"] != digest


def test_a_buildpack_that_the_builder_lost_is_a_reason(put, tmp_path):
    put()
    root = put.container.root
    make_roots.install_buildpack(buildpack(tmp_path / "newer", "1.1.0"), root / "cnb/buildpacks")
    order = root / "cnb/order.toml"
    text = order.read_text().replace("1.0.0", "1.1.0")
    order.unlink()
    order.write_text(text)
    (root / "cnb/buildpacks/tests_copy/1.0.0").rename(tmp_path / "gone")
    _, log = put()
    assert reasons(log) == "BUILDPACK"
    assert differences(log, "BUILDPACK") == ["- tests/copy@1.0.0", "+ tests/copy@1.1.0"]


def test_an_image_that_is_gone_is_built_again(put, registry):
    first, _ = put()
    put.registry.request("DELETE", f"/v2/app/manifests/{first['digest']}")
    again, log = put()
    assert again["digest"] == first["digest"] and "the first build of" in log


def test_a_foreign_image_at_the_tag_is_replaced(put):
    image = push_image.Image({"architecture": make_roots.architecture(), "os": "linux", "config": {}},
                             [push_image.files_layer({"etc/base": b"same\n"})])
    put.registry.push("app", "main", image)
    _, log = put()
    assert "was not built by buildpacks" in log and "===> BUILDING" in log


def test_an_index_at_the_tag_is_not_taken_for_the_answer(put):
    first, _ = put()
    child = put.manifest(first["digest"])
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
             "manifests": [{"mediaType": child["mediaType"], "digest": first["digest"],
                            "size": len(put.registry.request("GET", f"/v2/app/manifests/{first['digest']}",
                                                             headers={"Accept": TYPES}).read()),
                            "platform": {"os": "linux", "architecture": make_roots.architecture()}}]}
    put.registry.request("PUT", "/v2/app/manifests/main", json.dumps(index).encode(), {"Content-Type": index["mediaType"]})
    again, log = put()
    assert reasons(log) == "CONFIG" and "an index of several platforms" in log
    assert put.manifest("main")["digest"] == again["digest"] == first["digest"]


def test_project_toml_counts(put):
    put.write("project.toml", '[io.buildpacks]\nexclude = ["*.md"]\n[[io.buildpacks.build.env]]\nname = "BP_A"\nvalue = "1"\n')
    put.write("README.md", "words about it\n")
    _, log = put()
    assert "files: ./project.toml ./words" in log and "variables: BP_A" in log
    put.write("README.md", "other words about it\n")
    _, log = put()
    assert "nothing has changed" in log
    put.write("deploy/project.toml", '[io.buildpacks]\ninclude = ["words"]\n')
    _, log = put(project="deploy/project.toml")
    assert "files: ./words" in log and reasons(log) == "COMMIT,CONFIG"
    outcome = put.run(project="deploy/none.toml")
    assert outcome.status != 0 and "params.project" in outcome.stderr


def test_two_puts_at_the_same_time_both_give_whole_images(programs, builder, tmp_path, registry):
    puts = [Put(programs, builder, tmp_path / str(i), registry.host) for i in range(2)]
    for i, put in enumerate(puts):
        put.write("words", f"words of {i}\n")
    outcomes = [None, None]

    def run(i: int) -> None:
        outcomes[i] = puts[i].run()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.status for outcome in outcomes] == [0, 0], [outcome.stderr for outcome in outcomes]
    digests = [json.loads(outcome.stdout)["version"]["digest"] for outcome in outcomes]
    assert puts[0].manifest("main")["digest"] in digests and digests[0] != digests[1]
    for digest in digests:
        facts, _ = puts[0].get(digest)
        assert facts["build"] in ("#1", "#2")
        for layer in puts[0].layers(digest):
            assert registry.blob(layer).exists()


@pytest.fixture(params=["tag schema", "referrers API"])
def recording(request, programs, builder, tmp_path, registry):
    if request.param == "tag schema":
        yield Put(programs, builder, tmp_path, registry.host)
    else:
        with ReferrersProxy(registry.host) as proxy:
            yield Put(programs, builder, tmp_path, proxy.host)
            tags = json.loads(push_image.Registry(proxy.host).request("GET", "/v2/app/tags/list").read())["tags"]
            assert tags == ["main"]  # no tag stands in for the API


def test_every_build_is_on_record(recording):
    put = recording
    put.commit("a" * 40)
    first, _ = put()
    put.commit("b" * 40)
    put.write("words", "other\n")
    second, _ = put(env={"BP_A": "1"})
    put.base("2")
    third, _ = put(env={"BP_A": "1"})
    # What the page shows after the put's implicit get is what the put itself said.
    facts, destination = put.get(third["digest"], builds=2)
    assert facts == {name: value for name, value in third.items() if name in facts} and facts["build"] == "#3 (rebase)"
    assert {"reason", "commit", "commit url", "source", "builder", "run image", "layers", "size", "finished", "duration",
            "concourse build", "digest"} <= set(facts)
    assert facts["concourse build"] == "https://ci.example.com/builds/42" and facts["commit"] == "b" * 40
    assert json.loads((destination / "builds.json").read_text())[0]["number"] == 2
    facts, destination = put.get(third["digest"], builds=100)
    builds = json.loads((destination / "builds.json").read_text())
    assert [(build["number"], build["reasons"], build["kind"]) for build in builds] == [
        (1, "CONFIG", "build"), (2, "COMMIT,CONFIG", "build"), (3, "STACK", "rebase")]
    assert [build["image"].partition("@")[2] for build in builds] == [first["digest"], second["digest"], third["digest"]]
    assert builds[1]["changes"][0] == {"reason": "COMMIT", "old": "a" * 40, "new": "b" * 40}
    assert {phase["name"] for phase in builds[1]["phases"]} == {"PREPARING", "ANALYZING", "DETECTING", "RESTORING", "BUILDING",
                                                                "EXPORTING"}
    table = (destination / "builds.txt").read_text().splitlines()
    assert table[0].split() == ["BUILD", "STATUS", "BUILT", "IMAGE", "REASON", "COMMIT", "FINISHED"]
    assert [line.split()[0] for line in table[1:]] == ["1", "2", "3"]
    assert table[2].split()[3:] == ["COMMIT+", "b" * 12, builds[1]["finished"]]
    log = (destination / "logs/2.log").read_text()
    assert "===> BUILDING" in log and "files: ./words" in log and "\x1b[" not in log


def test_history_asked_of_a_foreign_image_is_a_clear_error(put, programs, tmp_path):
    image = push_image.Image({"architecture": make_roots.architecture(), "os": "linux", "config": {}},
                             [push_image.files_layer({"etc/base": b"same\n"})])
    digest = put.registry.push("app", "main", image)
    request = {"source": {"repository": f"{put.host}/app"}, "version": {"tag": "main", "digest": digest},
               "params": {"skip_download": True, "builds": 3}}
    (tmp_path / "get").mkdir()
    result = run_program(programs, "in", request, tmp_path / "get")
    assert result.status != 0 and "params.builds" in result.error and list((tmp_path / "get").iterdir()) == []


def test_a_foreign_image_where_the_cache_should_be_is_left_aside(put):
    image = push_image.Image({"architecture": make_roots.architecture(), "os": "linux", "config": {}},
                             [push_image.files_layer({"etc/base": b"same\n"})])
    put.registry.push("app", "cache-main", image)
    _, log = put()
    assert "is left aside: it is not a cache of buildpacks" in log and "===> EXPORTING" in log

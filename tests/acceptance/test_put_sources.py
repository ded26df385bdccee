"""What a put takes for its source, and what it says of where that came from."""

import json
import os
import subprocess

import pytest

from acceptance.test_put_reasons import Put, differences, reasons
from acceptance.test_put_reasons import builder, registry  # noqa: F401 - fixtures
from support.program import ANSI, run_program


@pytest.fixture
def put(programs, builder, tmp_path, registry):  # noqa: F811
    return Put(programs, builder, tmp_path, registry.host)


@pytest.fixture
def monorepo(put):
    """app/ is a repository of two services and what they share."""
    put.commit("a" * 40)
    put.write(".git/commit_message", "Say Hello\n\nIt is polite.\n")
    for name in ("customers", "orders"):
        put.write(f"{name}/words", f"{name}\n")
    put.write("shared/library", "shared\n")
    return put


def listed(put: Put, digest: str) -> list[str]:
    """What tar says of each entry of the image's layers."""
    lines = []
    for layer in put.layers(digest):
        blob = put.registry.request("GET", f"/v2/app/blobs/{layer}").read()
        lines += subprocess.run(["tar", "-tvPz"], input=blob, capture_output=True).stdout.decode().splitlines()
    return lines


def test_an_application_below_its_repository_has_its_commit(monorepo):
    facts, log = monorepo(source="app/customers")
    assert facts["commit"] == "a" * 40 and f"commit {'a' * 40} Say Hello" in log
    assert "files: ./words" in log


def test_all_of_a_source_is_there_for_an_application_in_it_and_its_changes_are_reasons(monorepo):
    _, log = monorepo(path="customers")
    assert "files: ./words" in log  # where buildpacks run
    root = monorepo.container.root / "workspace"
    assert (root / "shared/library").read_text() == "shared\n" and not (root / ".git").exists()
    monorepo.write("shared/library", "changed\n")
    facts, log = monorepo(path="customers")
    assert reasons(log) == "COMMIT"
    config = monorepo.config(facts["digest"])["config"]
    assert config["WorkingDir"] == "/workspace/customers" and "CNB_APP_DIR=/workspace/customers" in config["Env"]
    names = [line.split()[-1] for line in listed(monorepo, facts["digest"])]
    assert "/workspace/customers/words" in names and not [name for name in names if "orders" in name or "shared" in name]
    _, log = monorepo(path="orders")
    assert "path: customers" in log and "path: orders" in log


def test_a_path_that_is_no_directory_of_the_source_names_the_field(monorepo):
    os.symlink("/etc", monorepo.application / "link")
    for path, words in (("nowhere", "no such directory"), ("customers/words", "not a directory"), ("link", "not a directory")):
        outcome = monorepo.run(path=path)
        assert outcome.status != 0 and "params.path" in outcome.stderr and words in outcome.stderr


def test_a_commit_is_shown_with_its_subject(put):
    put.commit("a" * 40)
    put.write(".git/commit_message", "Say Hello\n\nIt is polite.\n")
    first, _ = put()
    put.commit("b" * 40)
    put.write(".git/commit_message", "Say \x1b[31mGood Morning\n")
    put.write("words", "good morning\n")
    facts, log = put()
    assert differences(log, "COMMIT") == [f"- {'a' * 40} Say Hello", f"+ {'b' * 40} Say ?[31mGood Morning"]
    facts, destination = put.get(facts["digest"], builds=2)
    assert facts["subject"] == "Say ?[31mGood Morning"
    assert json.loads((destination / "builds.json").read_text())[0]["subject"] == "Say Hello"


def test_the_subject_of_a_plain_checkout_is_git_s_own(put, tmp_path):
    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(put.application), "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
                              capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "Say Hello from git")
    git("checkout", "-q", "--detach")
    _, log = put()
    assert f"commit {git('rev-parse', 'HEAD')} Say Hello from git" in log


def test_clear_cache_builds_although_nothing_changed(put):
    first, _ = put()
    again, log = put(clear_cache=True)
    assert reasons(log) == "TRIGGER" and "params.clear_cache is set" in log and "===> BUILDING" in log
    assert again["digest"] == first["digest"] and "nothing: params.clear_cache is set" in log


def test_nothing_is_copied_when_nothing_changed(put):
    put()
    for path in sorted((put.container.root / "workspace").rglob("*"), reverse=True):
        path.unlink()
    _, log = put()
    assert "looked at 1 file" in log and list((put.container.root / "workspace").iterdir()) == []


def test_a_layer_of_an_unchanged_image_that_the_registry_lost_is_built_again(put, registry):  # noqa: F811
    first, _ = put()
    layer = put.layers(first["digest"])[3]
    put.registry.request("DELETE", f"/v2/app/blobs/{layer}")
    again, log = put()
    assert reasons(log) == "TRIGGER" and "layers that the registry lost" in log
    assert again["digest"] == first["digest"] and registry.blob(layer).exists()


def test_a_rebase_whose_image_lost_a_layer_becomes_a_build(put, registry):  # noqa: F811
    first, _ = put()
    layer = put.layers(first["digest"])[3]
    put.registry.request("DELETE", f"/v2/app/blobs/{layer}")
    put.base("2")
    outcome = put.run()
    assert outcome.status == 0, outcome.stderr
    log = ANSI.sub("", outcome.stderr)
    assert "not done: the registry lost layers of the image" in log and "===> BUILDING" in log
    assert "Build reason(s): TRIGGER,STACK" in log and registry.blob(layer).exists()
    outcome = put.run(source=None, rebase="only")
    assert outcome.status == 0 and "nothing has changed" in outcome.stderr


def test_a_new_builder_with_the_same_buildpacks_is_told_of(put):
    builders = [f"{put.host}/builder@sha256:{digit * 64}" for digit in "12"]
    (put.volume / "builder").mkdir()
    (put.volume / "builder/image").write_text(builders[0])
    facts, _ = put(builder="builder")
    assert facts["builder"] == builders[0]
    assert put.config(facts["digest"])["config"]["Labels"]["io.build-service.builder"] == builders[0]
    (put.volume / "builder/image").write_text(builders[1])
    _, log = put(builder="builder")
    assert "the builder is new, and holds the same buildpacks" in log and "nothing has changed" in log
    assert f"- {builders[0]}" in log and f"+ {builders[1]}" in log
    put.write("words", "other\n")
    facts, _ = put(builder=builders[1])
    assert facts["builder"] == builders[1]


def test_setuid_and_sticky_bits_reach_the_image(put):
    (put.application / "tool").write_text("tool\n")
    (put.application / "tool").chmod(0o4755)
    (put.application / "shared").mkdir()
    (put.application / "shared").chmod(0o3775)
    facts, _ = put()
    modes = {line.split()[-1]: line.split()[0] for line in listed(put, facts["digest"])}
    assert modes["/workspace/tool"] == "-rwsr-xr-x" and modes["/workspace/shared"] == "drwxrwsr-t"


def check(put: Put, version: dict | None = None, **source) -> list[str]:
    request = {"source": {"repository": f"{put.host}/app", "tag": "main", **source}, **({"version": version} if version else {})}
    answer = run_program(put.programs, "check", request).answer
    assert all(entry["tag"] == "main" for entry in answer)
    return [entry["digest"] for entry in answer]


def test_a_history_that_concourse_forgot_is_found_again(put):
    digests = []
    for words in ("one", "two", "three"):
        put.write("words", words)
        digests.append(put()[0]["digest"])
    assert check(put) == digests[2:]
    assert check(put, history=100) == digests and check(put, history=2) == digests[1:]
    # With a version Concourse knows its history.
    assert check(put, {"tag": "main", "digest": digests[1]}, history=100) == digests[1:]
    put.registry.request("DELETE", f"/v2/app/manifests/{digests[1]}")
    assert check(put, history=100) == [digests[0], digests[2]]


def test_a_history_needs_a_tag(programs):
    result = run_program(programs, "check", {"source": {"repository": "registry.invalid/app", "history": 3}})
    assert result.status != 0 and "source.history" in result.error

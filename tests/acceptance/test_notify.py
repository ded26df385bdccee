"""pipelines/tasks/notify and its fragment: one message to a webhook, whatever a commit says."""

import json
import pathlib
import shutil
import subprocess

import pytest
import yaml

from support.concourse import Concourse, HostPrograms
from support.example_vars import GIT, PROJECT, REGISTRY, example_vars
from support.git_server import GitServer, Repository
from support.story import commit_tasks
from support.web_host import WebHost

HOSTILE = 'Fix $(touch /tmp/pwned) `id`; "quoted" \\ <!channel> & <https://evil.example|here>\x1b[31m\nsecond line'
PLAIN = HOSTILE.split("\n")[0].replace("\x1b", "")
MARKED = PLAIN.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.fixture
def webhook():
    with WebHost() as host:
        yield host


def tools(tmp_path: pathlib.Path, *extra: str) -> str:
    """A PATH with little of busybox, as a small image has it, and these programs of this machine."""
    where = tmp_path / "bin"
    where.mkdir()
    (where / "sh").symlink_to("/bin/dash")  # busybox's own would take busybox's wget, which breaks on loopback where it is static
    for name in ("mktemp", "rm", "head", "cut", "tr", "awk", "cat"):
        (where / name).symlink_to("/bin/busybox")
    for name in extra:
        (where / name).symlink_to(shutil.which(name))
    return str(where)


def notify(tmp_path, path: str, webhook, commit: dict | None = None, **params) -> subprocess.CompletedProcess:
    (tmp_path / "tasks/pipelines").mkdir(parents=True)
    shutil.copytree(PROJECT / "pipelines/tasks", tmp_path / "tasks/pipelines/tasks")
    if commit is not None:
        (tmp_path / "source/.git").mkdir(parents=True)
        for name, value in commit.items():
            (tmp_path / "source/.git" / name).write_bytes(value if isinstance(value, bytes) else value.encode())
    config = yaml.safe_load((PROJECT / "pipelines/tasks/notify.yml").read_text().replace("((", "").replace("))", ""))
    given = {name: value or "" for name, value in config["params"].items()}
    environment = {**given, "WEBHOOK_URL": f"{webhook.base}/hook/secret-part", "JOB": "petclinic/build", **params, "PATH": path}
    return subprocess.run([config["run"]["path"], *config["run"]["args"]], cwd=tmp_path, env=environment, capture_output=True, text=True)


def told(webhook) -> dict:
    assert [(each.method, each.path, each.content_type) for each in webhook.received] == [
        ("POST", "/hook/secret-part", "application/json")]
    return json.loads(webhook.received[0].body)


@pytest.mark.parametrize("extra", [("curl", "iconv"), ("wget",)], ids=["curl", "wget"])
def test_a_commits_words_reach_the_webhook_as_words(tmp_path, webhook, extra):
    commit = {"short_ref": "1a2b3c4", "author": "Zoë <b>", "commit_message": HOSTILE}
    done = notify(tmp_path, tools(tmp_path, *extra), webhook, commit, JOB_URL="https://ci.example.com/teams/main/pipelines/petclinic")
    assert done.returncode == 0, done.stderr
    name = "Zoë" if "iconv" in extra else "Zo"
    assert told(webhook) == {"text": "<https://ci.example.com/teams/main/pipelines/petclinic|petclinic/build>: failed, "
                             f"at 1a2b3c4 by {name} &lt;b&gt;: {MARKED}"}
    assert not pathlib.Path("/tmp/pwned").exists() and "secret-part" not in done.stdout + done.stderr


def test_a_plain_webhook_gets_fields(tmp_path, webhook):
    commit = {"short_ref": "1a2b3c4", "author": "Ann", "commit_message": HOSTILE}
    done = notify(tmp_path, tools(tmp_path, "curl"), webhook, commit, FORMAT="json", STATUS="errored", JOB_URL="https://ci.example.com")
    assert done.returncode == 0, done.stderr
    assert told(webhook) == {
        "text": f"petclinic/build: errored, at 1a2b3c4 by Ann: {PLAIN}", "status": "errored", "job": "petclinic/build",
        "url": "https://ci.example.com", "commit": "1a2b3c4", "author": "Ann", "message": PLAIN}


@pytest.mark.parametrize("message", [b"cut \xff\xfe here", ("ü" * 150).encode(), b""], ids=["invalid", "long", "empty"])
@pytest.mark.parametrize("extra", [("curl", "iconv"), ("wget",)], ids=["curl", "wget"])
def test_what_is_sent_is_json_whatever_the_bytes(tmp_path, webhook, extra, message):
    commit = {"short_ref": "1a2b3c4", "author": "Ann", "commit_message": message}
    assert notify(tmp_path, tools(tmp_path, *extra), webhook, commit).returncode == 0
    assert told(webhook)["text"].startswith("petclinic/build: failed, at 1a2b3c4 by Ann: ")


def test_without_a_commit_the_job_is_told(tmp_path, webhook):
    assert notify(tmp_path, tools(tmp_path, "curl"), webhook).returncode == 0
    assert told(webhook) == {"text": "petclinic/build: failed"}


@pytest.mark.parametrize("extra", [("curl",), ("wget",)], ids=["curl", "wget"])
def test_a_webhook_that_refuses_fails_the_task_without_its_address(tmp_path, extra):
    with WebHost(status=403) as webhook:
        done = notify(tmp_path, tools(tmp_path, *extra), webhook)
    assert done.returncode != 0 and done.stderr and "secret-part" not in done.stdout + done.stderr


def fragment() -> tuple[list[str], list[str]]:
    """The lines for the first job, and those for a further one, `deploy`."""
    lines = (PROJECT / "pipelines/fragments/notify.yml").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")], [line[5:] for line in lines if line.startswith("#      on_")]


def test_the_page_shows_the_fragment_as_it_is():
    page = (PROJECT / "docs/pipelines.md").read_text()
    first, further = ("\n".join(lines) for lines in fragment())
    assert f"- name: build\n  serial: true\n{first}\n  plan:\n  - {{get: tasks}}\n" in page
    assert f"- name: deploy\n  serial: true\n{further}\n  plan:\n" in page


def with_fragment(path: pathlib.Path) -> None:
    """pipelines/petclinic.yml with the fragment, put in as its comment says."""
    first, further = ("\n".join(lines) for lines in fragment())
    text = (PROJECT / "pipelines/petclinic.yml").read_text()
    build, deploy = "- name: build\n  serial: true\n", "- name: deploy\n  serial: true\n"
    assert build in text and deploy in text and further.count("on_") == 2
    text = text.replace(f"{build}  plan:\n", f"{build}{first}\n  plan:\n  - {{get: tasks}}\n")
    path.write_text(text.replace(deploy, f"{deploy}{further}\n"))


def test_a_job_that_fails_tells_the_webhook_by_the_fragment(programs, tmp_path, webhook):
    source = Repository(tmp_path / "git/petclinic.git")
    source.commit("Break *everything*", {"app": "x"}, author="Dana Developer <dana@example.com>")
    commit_tasks(tmp_path / "git")
    given = example_vars("petclinic")
    with_fragment(tmp_path / "petclinic.yml")
    with (GitServer(tmp_path / "git", user=given["git_username"], password=given["git_password"]) as git,
          WebHost(status=404) as empty):  # a registry without the images: a get of the job fails, whichever is first
        concourse = Concourse(tmp_path / "concourse", {name: HostPrograms(programs) for name in ("build-service", "build-service-builder")})
        given = example_vars("petclinic", {REGISTRY: empty.base.removeprefix("http://"), GIT: git.base})
        pipeline = concourse.set_pipeline(tmp_path / "petclinic.yml", vars=given | {
            "webhook_url": f"{webhook.base}/hook/secret-part", "ci_url": "https://ci.example.com"})
        for name in ("petclinic-source", "tasks"):
            pipeline.check(name)
        for name in ("run-image", "builder"):
            pipeline.resource(name).history.save_checked([{"tag": "base", "digest": "sha256:" + "1" * 64}])
        build = pipeline._start("build", pipeline.next_inputs("build")).wait()
    assert build.status == "failed" and "secret-part" not in build.log, build.log
    text = told(webhook)["text"]
    assert text.startswith("<https://ci.example.com/teams/main/pipelines/petclinic|petclinic/build>: failed, at ")
    assert text.endswith(" by Dana Developer: Break *everything*")

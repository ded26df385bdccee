"""The pictures of docs/pictures are made by scripts from what the programs print, and show nothing of the machine."""

import pathlib
import re
import socket
import subprocess
import types
from xml.etree import ElementTree

import pytest

from support.ansi import lines_of
from support.tour import pages, recording
from support.tour.svg import renamed, require_clean, wrapped

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
PICTURES = sorted((PROJECT / "docs/pictures").glob("*.svg"))
MOST = 300_000  # bytes


def texts(document: str) -> list[str]:
    found = ElementTree.fromstring(document).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(element.itertext()) for element in found]


def test_a_short_recording_becomes_an_animation_that_ends_with_its_last_frame(tmp_path):
    script = tmp_path / "story"
    script.write_text("#!/bin/sh\necho compiling\nprintf ' 1  The beginning\\n\\033[32mgreen\\033[0m <&>\\n'\n"
                      "for i in $(seq 40); do echo \"line $i of http://127.0.0.1:4711/app.git\"; done\n")
    script.chmod(0o755)
    lines = recording.story_of(recording.record([str(script)], {"PATH": "/usr/bin:/bin"}))
    lines = recording.load(recording.save(lines))
    document = recording.draw(lines, "a story")
    shown = texts(document)
    assert shown[1:4] == [" 1  The beginning", "green <&>", "line 1 of https://git.example.com/app.git"]
    assert '<tspan fill="#2ecc71">green</tspan>' in document and "compiling" not in document
    assert "prefers-reduced-motion:reduce" in document and "infinite" in document and "<script" not in document
    # 42 rows in a window of 30: where nothing moves, the last 30 are seen.
    assert f'class="scroll" transform="translate(0 {-12 * recording.ROW})"' in document


def test_the_scripts_draw_a_recording_and_a_log(tmp_path):
    cast, log = tmp_path / "short.cast", tmp_path / "put.log"
    cast.write_text(recording.save([recording.Line(" 1  The beginning", 0.0), recording.Line("pushed 127.0.0.1:4711/app", 1.0)]))
    subprocess.run([PROJECT / "scripts/tour", "demo", "--recording", cast, "--output", tmp_path], check=True, stdout=subprocess.DEVNULL)
    assert "pushed registry.example.com/app" in texts((tmp_path / "demo.svg").read_text())
    log.write_text("\x1b[32mpushed <it>\x1b[0m\n")
    page = subprocess.run([PROJECT / "scripts/render", log], check=True, capture_output=True, text=True).stdout
    assert '<span style="color:#2ecc71;background:#363636">pushed &lt;it&gt;</span>' in page


def test_a_recording_of_what_fails_is_not_kept():
    with pytest.raises(subprocess.CalledProcessError):
        recording.record(["/bin/false"], {})


def test_what_is_longer_than_the_terminal_goes_on_in_the_next_row():
    rows = wrapped(lines_of("\x1b[32mgreen\x1b[0m and plain")[0], 8)
    assert ["".join(span.text for span in row) for row in rows] == ["green an", "d plain"]


def test_a_table_stays_one_when_hosts_get_longer_names():
    before = f"1  127.0.0.1:4711/app@sha256:{'0' * 64}              COMMIT"
    assert recording.aligned(before).index("COMMIT") == before.replace("0" * 64, "0" * 10 + "...").index("COMMIT")


@pytest.mark.parametrize("text", ["from /tmp/work/x", "at 127.0.0.1", '"password": "hunter2"', "-----BEGIN PRIVATE KEY", "robot-password"])
def test_what_is_of_the_machine_or_secret_is_refused(text):
    with pytest.raises(ValueError, match="the picture would show"):
        require_clean(text)
    assert require_clean('"password": "...", ' + renamed("http://127.0.0.1:1/a.git 127.0.0.1:2/app"))


def test_the_three_pages_show_what_was_answered_and_logged():
    fact = [{"name": "reason", "value": "COMMIT"}, {"name": "source", "value": "http://127.0.0.1:1/app.git"}]
    version = {"tag": "main", "digest": "sha256:" + "a" * 64}
    get = types.SimpleNamespace(kind="get", name="app-source", version={"ref": "b" * 40}, status=0, seconds=1, log="", metadata=[])
    put = types.SimpleNamespace(kind="put", name="app", version=version, status=0, seconds=2, metadata=fact,
                                log="\x1b[1;36m===> BUILDING\x1b[0m\npushed 127.0.0.1:2/app\n")
    build = types.SimpleNamespace(number=1, status="succeeded", steps=[get, put], inputs={}, outputs=[("app", version)],
                                  step=lambda name, kind: put)
    saved = types.SimpleNamespace(version=version, facts={entry["name"]: entry["value"] for entry in fact})
    plan = [{"get": "app-source", "trigger": True}, {"put": "app"}]
    deploy = {"name": "deploy", "plan": [{"get": "app", "trigger": True, "passed": ["build"]}]}
    pipeline = types.SimpleNamespace(name="story", config={"jobs": [{"name": "build", "plan": plan}, deploy]},
                                     builds=lambda job: [build] if job == "build" else [],
                                     resource=lambda name: types.SimpleNamespace(history=types.SimpleNamespace(versions=[saved])))
    assert {"app-source", "build", "app", "deploy"} <= set(texts(pages.pipeline_page(pipeline)))
    assert {"build #1", "COMMIT", "https://git.example.com/app.git"} <= set(texts(pages.resource_page(pipeline, "app")))
    shown = texts(pages.build_page(pipeline, "build", 1, "app", {"put app": [0.0, 1.0]}))
    assert {"00:00:00", "===> BUILDING", "00:00:01", "pushed registry.example.com/app", "reason", "COMMIT"} <= set(shown)


def test_the_documents_have_their_pictures():
    assert {picture.name for picture in PICTURES} >= {"demo.svg", "pipeline.svg", "resource.svg", "build.svg"}
    tour = (PROJECT / "docs/tour.md").read_text()
    for name in ("demo.svg", "pipeline.svg", "resource.svg", "build.svg"):
        assert f"pictures/{name}" in tour, name


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_committed_picture_is_small_and_shows_nothing_of_the_machine(picture):
    document = picture.read_text()
    require_clean(document)
    assert len(document) < MOST and socket.gethostname() not in document
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(document).iter()}
    assert not names & {"script", "foreignObject", "image", "a"}
    hosts = set(re.findall(r"https?://([^/\s\"<]+)", document)) - {"www.w3.org"}
    assert all(host.endswith("example.com") or host == "buildpacks.io" for host in hosts), hosts

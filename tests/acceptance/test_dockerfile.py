"""The Dockerfile compiles from what it has to, so that a document changes nothing that takes long."""

import pathlib
import re
import shlex
import shutil
import subprocess

import pytest


def instructions(project: pathlib.Path) -> list[list[str]]:
    text = re.sub(r"^\s*#.*\n", "", (project / "Dockerfile").read_text(), flags=re.MULTILINE)
    return [shlex.split(line) for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip()]


def stage(project: pathlib.Path, name: str) -> list[list[str]]:
    found: list[list[str]] = []
    current = ""
    for instruction in instructions(project):
        if instruction[0] == "FROM":
            current = instruction[3]
        elif current == name:
            found.append(instruction)
    assert found, f"there is no stage {name}"
    return found


@pytest.fixture(scope="module")
def copied(project, tmp_path_factory) -> pathlib.Path:
    """What the layer that compiles sees."""
    source = tmp_path_factory.mktemp("src")
    for instruction in stage(project, "build"):
        if instruction[0] == "COPY":
            *froms, to = instruction[1:]
            for one in froms:
                if (project / one).is_dir():
                    shutil.copytree(project / one, source / to, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    (source / to).mkdir(parents=True, exist_ok=True)
                    shutil.copy(project / one, source / to)
    return source


def test_a_change_of_a_document_or_a_test_compiles_nothing_anew(project, copied):
    tracked = subprocess.run(["git", "-C", str(project), "ls-files"], capture_output=True, text=True).stdout.split("\n")
    outside = [name for name in tracked if name.endswith(".md") or name.startswith(("docs/", "tests/", "pipelines/", "ci/"))]
    assert len(outside) > 100
    assert [name for name in outside if (copied / name).exists()] == []
    assert not (copied / ".git").exists()


def test_all_that_is_compiled_is_there(copied, tmp_path):
    """A source or a script that is missing fails the plan of the build."""
    command = ["cmake", "-S", str(copied), "--preset", "release", "-B", str(tmp_path / "build"), "-DBUILD_SERVICE_DESCRIBE=OFF"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert "opt/resource/launcher" in (tmp_path / "build/launcher/cmake_install.cmake").read_text()


def test_both_images_say_the_version_of_the_project(project):
    version = re.search(r"project\(build-service VERSION (\S+)", (project / "CMakeLists.txt").read_text()).group(1)
    for name in ("resource", "builder"):
        assert ["ARG", f"VERSION={version}"] in stage(project, name)

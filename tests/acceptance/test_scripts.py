"""The scripts say what to do where they cannot go on."""

import os
import pathlib
import subprocess

import pytest


@pytest.fixture
def ordinary_user(tmp_path):
    """An environment in which `id` tells of an ordinary user and dpkg of no package."""
    for name, says in (("id", "echo 1000"), ("dpkg-query", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{says}\n")
        (tmp_path / name).chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def run(script: pathlib.Path, env: dict, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(script), *arguments], env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", ".ci/run"])
def test_without_root_one_line_says_how_to_start_it(project, ordinary_user, script):
    done = run(project / script, ordinary_user)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "sudo scripts/" in done.stderr


def test_missing_packages_are_named_with_the_command_that_installs_them(project, ordinary_user):
    done = run(project / "scripts/setup", ordinary_user)
    assert done.returncode == 1
    assert "apt-get install" in done.stderr and "docker-registry" in done.stderr


def test_a_wrong_argument_gets_the_usage(project):
    done = run(project / "scripts/demo", dict(os.environ), "--sprign")
    assert done.returncode == 2 and done.stderr.startswith("usage: ")


def test_a_folder_without_unit_tests_is_answered_by_those_that_have_some(project):
    done = run(project / "scripts/test", dict(os.environ), "--folder", "gti")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("test: --folder takes one of: archive base ") and " git " in done.stderr

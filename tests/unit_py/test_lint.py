"""scripts/lint --changed finds what a branch changed, and on main what its last commits did."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys

import pytest


@pytest.fixture
def lint(project, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader("lint", str(project / "scripts/lint"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def repository(lint, tmp_path, monkeypatch):
    """A clone of its own, with common/a.cpp and common/b.cpp on main."""
    monkeypatch.setattr(lint, "PROJECT", tmp_path)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "common/a.cpp", '#include "common/b.hpp"\n')
    commit(tmp_path, "common/b.cpp", "")
    return tmp_path


def git(directory: pathlib.Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(directory), *identity, *arguments], check=True, capture_output=True)


def commit(directory: pathlib.Path, name: str, text: str) -> None:
    (directory / name).parent.mkdir(exist_ok=True)
    (directory / name).write_text(text)
    git(directory, "add", name)
    git(directory, "commit", "--quiet", "-m", name)


def changed(lint) -> list[str]:
    return [path.name for path in lint.changed(lint.tracked())]


def test_of_a_branch_only_what_it_changed_is_looked_at(lint, repository):
    git(repository, "checkout", "--quiet", "-b", "work")
    commit(repository, "common/b.cpp", "int b;\n")
    assert changed(lint) == ["b.cpp"]


def test_what_is_not_committed_comes_first(lint, repository):
    git(repository, "checkout", "--quiet", "-b", "work")
    commit(repository, "common/b.cpp", "int b;\n")
    (repository / "common/new.cpp").write_text("")
    (repository / "common/a.cpp").write_text("int a;\n")
    assert changed(lint) == ["a.cpp", "new.cpp", "b.cpp"]


def test_on_main_it_is_what_its_last_commits_changed(lint, repository, monkeypatch):
    monkeypatch.setattr(lint, "COMMITS_ON_MAIN", 1)
    assert changed(lint) == ["b.cpp"]


def test_on_main_it_is_what_changed_since_the_last_tag(lint, repository):
    git(repository, "tag", "v1")
    commit(repository, "common/a.cpp", "int a;\n")
    assert changed(lint) == ["a.cpp"]


def test_a_short_history_is_looked_at_as_a_whole(lint, repository):
    assert sorted(changed(lint)) == ["a.cpp", "b.cpp"]


def test_a_header_is_looked_at_by_a_file_that_includes_it(lint, repository):
    git(repository, "checkout", "--quiet", "-b", "work")
    (repository / "common/b.cpp").unlink()
    commit(repository, "common/b.hpp", "int b();\n")
    assert changed(lint) == ["a.cpp"]

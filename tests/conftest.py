"""Fixtures that every test may use: the built programs and who may run what."""

import os
import pathlib

import pytest

from support.golden import Golden, Messages

pytest_plugins = ["support.kube.fixtures"]
PROJECT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def project() -> pathlib.Path:
    """The project's top folder."""
    return PROJECT


@pytest.fixture(scope="session")
def programs() -> pathlib.Path:
    """The prefix under which the built programs are installed: <programs>/opt/resource/{check,in,out}.

    scripts/test names it in BUILD_SERVICE_PROGRAMS; by hand it is build/install:
        cmake --install build/release --prefix build/install
    """
    prefix = pathlib.Path(os.environ.get("BUILD_SERVICE_PROGRAMS", PROJECT / "build/install")).resolve()
    missing = [name for name in ("check", "in", "out") if not os.access(prefix / "opt/resource" / name, os.X_OK)]
    if missing:
        pytest.fail(f"{prefix}/opt/resource lacks {', '.join(missing)}: run scripts/test, or build and install the programs")
    return prefix


@pytest.fixture(scope="session")
def as_root() -> None:
    """For tests that enter a root directory or build an image. They fail, and never pass unseen, without root."""
    if os.geteuid() != 0:
        pytest.fail("this test enters a root directory: run it as root")


@pytest.fixture(scope="module")
def golden_messages(request, project) -> Messages:
    name = request.module.__name__.rsplit(".", 1)[-1].removeprefix("test_")
    return Messages(project / f"tests/golden/messages/{name}.txt")


@pytest.fixture
def golden(request, golden_messages, tmp_path) -> Golden:
    """Holds what a test shows to people against tests/golden/messages (support/golden.py)."""
    return Golden(golden_messages, request.node.name, tmp_path)

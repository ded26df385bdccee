"""Fixtures that several files of acceptance tests share."""

import pytest

from support.git_server import GitServer
from support.kpack_world import KpackWorld


@pytest.fixture(scope="session")
def kpack_git(tmp_path_factory):
    """A git server for the repositories of Images."""
    with GitServer(tmp_path_factory.mktemp("kpack-git")) as server:
        yield server


@pytest.fixture
def world(programs, kube_server, kpack, namespace, narrow_token, kpack_git, tmp_path) -> KpackWorld:
    """An Image's surroundings, by the rights that the docs name."""
    return KpackWorld(programs, kube_server, kpack, namespace, narrow_token, kpack_git, tmp_path)

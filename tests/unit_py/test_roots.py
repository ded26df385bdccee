"""The roots and images that other tests stand on."""

import contextlib
import json
import pathlib
import tarfile
import time

import pytest

from support import make_roots, push_image, run_image

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.fixture
def got(tmp_path) -> pathlib.Path:
    """A get of the run image with a process: what `in` leaves of a built image."""
    rootfs = tmp_path / "image/rootfs"
    make_roots.clone(make_roots.packages_root("run") / "root", rootfs)
    metadata = {"user": "cnb", "env": ["PATH=/usr/bin:/bin", "FROM_IMAGE=yes"]}
    (tmp_path / "image/metadata.json").write_text(json.dumps(metadata))
    return tmp_path / "image"


def process(got: pathlib.Path, script: str, name: str = "web") -> None:
    path = got / "rootfs/cnb/process" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def test_a_patched_run_image_differs_in_its_last_layer_alone():
    first, again, patched = push_image.run_image("1"), push_image.run_image("1"), push_image.run_image("2")
    assert first.documents() == again.documents()
    assert first.layers[0] == patched.layers[0]
    assert first.layers[1] != patched.layers[1]
    with tarfile.open(patched.layers[1].path) as layer:
        assert layer.extractfile("etc/base-version").read() == b"2\n"


def test_a_builder_root_has_what_the_specification_asks_for(tmp_path):
    builder = make_roots.make_builder(tmp_path / "builder", "localhost:5000/run:base")
    assert builder.environment["CNB_USER_ID"] == "1000"
    assert builder.labels["io.buildpacks.base.distro.name"] == "debian"
    assert 'image = "localhost:5000/run:base"' in (builder.root / "cnb/run.toml").read_text()
    assert (builder.root / "cnb/buildpacks/example_python/1.0.0/bin/detect").stat().st_mode & 0o777 == 0o755
    assert (builder.root / "workspace").stat().st_uid == 1000


def test_an_order_is_made_of_installed_buildpacks(tmp_path):
    builder = make_roots.make_builder(tmp_path / "builder", "run", order=[["example/python?", "example/welcome-web"]])
    assert (builder.root / "cnb/order.toml").read_text() == (
        '[[order]]\n[[order.group]]\nid = "example/python"\nversion = "1.0.0"\noptional = true\n'
        '[[order.group]]\nid = "example/welcome-web"\nversion = "1.2.0"\n')
    with pytest.raises(make_roots.RootError, match="other/one: it is not among those installed"):
        make_roots.make_builder(tmp_path / "other", "run", order=[["other/one"]])


def test_what_is_changed_in_a_builder_is_not_changed_in_the_cache(tmp_path):
    kept = make_roots.packages_root("builder") / "root/etc/ssl/certs/ca-certificates.crt"
    before = kept.read_bytes()
    builder = make_roots.make_builder(tmp_path / "builder", "run")
    assert (builder.root / "bin/bash").stat().st_ino == (make_roots.packages_root("builder") / "root/bin/bash").stat().st_ino
    assert not (make_roots.packages_root("builder") / "root/cnb/order.toml").exists()
    assert kept.read_bytes() == before


def test_an_image_runs_as_its_user_with_its_environment(got):
    process(got, 'echo "$(id -u):$(id -g) $(id -G) $FROM_IMAGE $EXTRA $HOME $1"')
    result = run_image.run(got, "web", ["argument"], {"EXTRA": "extra"})
    assert result.stdout == "1000:1000 1000 yes extra /home/cnb argument\n"


def test_a_server_ends_with_all_it_has_started(got):
    process(got, "trap '' TERM; (trap '' TERM; sleep 600) & echo ready; sleep 600")
    with run_image.running(got) as image:
        while "ready" not in image.output():
            time.sleep(0.02)
    deadline = time.monotonic() + 10  # they are killed, but not ours to wait for
    while alive_in_group(image.process.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive_in_group(image.process.pid)


def alive_in_group(group: int) -> list[str]:
    alive = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, number = path.read_text().rpartition(")")[2].split()[:3]
            if int(number) == group and state != "Z":
                alive.append(path.parent.name)
    return alive


def test_an_image_that_ends_says_what_it_wrote(got):
    process(got, "echo broken >&2; exit 3")
    with run_image.running(got) as image, pytest.raises(run_image.RunError, match="status 3:\nbroken"):
        image.fetch()


@pytest.mark.parametrize("user, expected", [
    ("", (0, 0, "/root")), ("0", (0, 0, "/root")), ("cnb", (1000, 1000, "/home/cnb")), ("1000", (1000, 1000, "/home/cnb")),
    ("cnb:root", (1000, 0, "/home/cnb")), ("2000", (2000, 0, "/")), ("2000:3000", (2000, 3000, "/"))])
def test_a_user_is_a_name_or_a_number_with_or_without_a_group(got, user, expected):
    assert run_image._identity(got / "rootfs", user or "0") == expected


def test_an_unknown_user_is_an_error(got):
    with pytest.raises(run_image.RunError, match="no user 'nobody-such'"):
        run_image._identity(got / "rootfs", "nobody-such")

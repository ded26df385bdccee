#!/usr/bin/env python3
"""Runs an image that was extracted to a directory (rootfs/ and metadata.json, as `in` leaves it) and fetches its page.

chroot and setuid stand in for a container: no namespaces, no mounts. As a runtime does, it provides the image's
environment, its user, /dev, name resolution, a /tmp and an environment variable PORT with a free port.

    run_image.py <directory of the get> [--process web] [--path /] [-- arguments...]     prints the page
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


class RunError(Exception):
    """What did not start or answer, with what it wrote."""


@dataclasses.dataclass
class Running:
    process: subprocess.Popen
    port: int
    log: "tempfile._TemporaryFileWrapper"

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def fetch(self, path: str = "/", timeout: float = 30) -> str:
        """The page, as soon as the application answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + timeout
        while True:
            try:
                with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                    return response.read().decode()
            except urllib.error.HTTPError as error:
                raise RunError(f"{path} answers {error.code}; the application wrote:\n{self.output()}") from None
            except OSError as error:
                if self.process.poll() is not None:
                    raise RunError(f"the image ended with status {self.process.returncode}:\n{self.output()}") from None
                if time.monotonic() > deadline:
                    raise RunError(f"no answer within {timeout:.0f} s ({error}); the image wrote:\n{self.output()}") from None
                time.sleep(0.02)


def run(directory: pathlib.Path, process: str = "web", arguments: list[str] | None = None,
        environment: dict[str, str] | None = None, timeout: float = 60) -> subprocess.CompletedProcess:
    """Runs a process of the image to its end; both outputs as text."""
    command, variables = _command(pathlib.Path(directory), f"/cnb/process/{process}", arguments or [], environment or {})
    return subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)


@contextlib.contextmanager
def running(directory: pathlib.Path, process: str = "web", arguments: list[str] | None = None,
            environment: dict[str, str] | None = None):
    """A started server process of the image, which ends with the context and leaves nothing behind."""
    port = _free_port()
    variables = {"PORT": str(port), **(environment or {})}
    command, variables = _command(pathlib.Path(directory), f"/cnb/process/{process}", arguments or [], variables)
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            yield Running(child, port, log)
        finally:
            _end(child)


def _command(directory: pathlib.Path, entrypoint: str, arguments: list[str], extra: dict) -> tuple[list[str], dict[str, str]]:
    root = directory / "rootfs"
    if not root.is_dir():
        raise RunError(f"{directory} has no rootfs/; get the image with format rootfs")
    if os.geteuid() != 0:
        raise RunError("cannot enter the image's root: run this as root")
    metadata = json.loads((directory / "metadata.json").read_text())
    variables = dict(entry.split("=", 1) for entry in metadata.get("env") or [])
    user, group, home = _identity(root, metadata.get("user") or "0")
    _provide(root)
    # An empty list of groups: chroot would else keep those of root.
    command = ["chroot", f"--userspec=+{user}:+{group}", "--groups=", str(root), entrypoint, *arguments]
    chroot = shutil.which("chroot") or "/usr/sbin/chroot"
    return [chroot, *command[1:]], {"HOME": home, **variables, **extra}


def _identity(root: pathlib.Path, user: str) -> tuple[int, int, str]:
    """User, group and home for the User of an image's configuration: names or numbers, the group may be left out."""
    name, _, group = user.partition(":")
    accounts = _table(root / "etc/passwd")
    account = next((row for row in accounts if name in (row[0], row[2])), None)
    if account is None and not name.isdigit():
        raise RunError(f"the image has no user {name!r} in its /etc/passwd")
    number = int(account[2]) if account else int(name)
    if not group:
        return number, int(account[3]) if account else 0, account[5] if account else "/"
    if not group.isdigit():
        group = next((row[2] for row in _table(root / "etc/group") if row[0] == group), "")
        if not group:
            raise RunError(f"the image has no such group as its user {user!r} names")
    return number, int(group), account[5] if account else "/"


def _table(path: pathlib.Path) -> list[list[str]]:
    return [line.split(":") for line in path.read_text().splitlines()] if path.exists() else []


def _provide(root: pathlib.Path) -> None:
    """What a runtime lays over an image. The image is not trusted: a link that it holds in these places is removed."""
    for name in ("dev", "etc", "tmp"):
        path = root / name
        if path.is_symlink():
            path.unlink()
        path.mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        path = root / "dev" / name
        if not path.exists():
            try:
                os.mknod(path, 0o20666, os.makedev(1, minor))
            except PermissionError:  # without the capability, an ordinary file does for what is written to it
                path.touch()
            path.chmod(0o666)
    for name in ("resolv.conf", "hosts"):
        target = root / "etc" / name
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            shutil.copyfile(f"/etc/{name}", target)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _end(child: subprocess.Popen) -> None:
    """SIGTERM as a runtime sends it, then SIGKILL to whatever the process has started."""
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs an extracted image and prints a page of it.")
    parser.add_argument("directory", type=pathlib.Path, help="holds rootfs/ and metadata.json")
    parser.add_argument("--process", default="web")
    parser.add_argument("--path", default="/")
    parser.add_argument("--wait", type=float, default=30, metavar="SECONDS")
    parser.add_argument("arguments", nargs="*")
    arguments = parser.parse_args()
    try:
        with running(arguments.directory, arguments.process, arguments.arguments) as image:
            print(image.fetch(arguments.path, arguments.wait))
    except RunError as error:
        print(f"run_image: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

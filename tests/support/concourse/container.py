"""Where a resource's programs run: directories that are new each time, the environment Concourse gives, no terminal.

Real containers need mounts and namespaces, which not every machine that runs the tests allows. What a resource can see
of its container is kept instead: uid 0 with the capabilities of an unprivileged worker, the image's root as its root,
an own /tmp, the working directory /.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

# Garden's set for unprivileged containers: no SYS_ADMIN, so no mounts.
CAPABILITIES = ("chown", "dac_override", "fowner", "fsetid", "kill", "mknod", "net_bind_service", "net_raw", "setfcap",
                "setgid", "setpcap", "setuid", "sys_chroot", "audit_write")
GRACE = 10.0  # seconds between SIGTERM and SIGKILL
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ResourceError(Exception):
    """A program failed or broke the protocol. `stderr` is what a person would have seen."""

    def __init__(self, message: str, stderr: str = "", status: int | None = None):
        super().__init__(f"{message}\n{stderr}" if stderr else message)
        self.stderr = stderr
        self.status = status


@dataclasses.dataclass
class Outcome:
    status: int
    stdout: bytes
    stderr: str
    seconds: float


def bounded_set() -> list[str]:
    return ["setpriv", "--bounding-set", "-all," + ",".join(f"+{name}" for name in CAPABILITIES), "--inh-caps", "-all"]


def run(command: list[str], stdin: bytes, env: dict, cwd: str = "/", abort: threading.Event | None = None,
        show=lambda text: None) -> Outcome:
    """Runs to the end; `abort` sends SIGTERM, and SIGKILL to the whole session after the grace time. `show` gets what
    is written to stderr while it is written."""
    shown = 0

    def show_news() -> None:
        nonlocal shown
        news = os.pread(log.fileno(), 1 << 20, shown)
        shown += len(news)
        if news:
            show(news.decode(errors="replace"))

    started = time.monotonic()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(command, stdin=given, stdout=out, stderr=log, env=env, cwd=cwd, start_new_session=True)
        killed_at = None
        while True:
            try:
                process.wait(0.02)
                break
            except subprocess.TimeoutExpired:
                show_news()
                if killed_at is None and abort is not None and abort.is_set():
                    process.send_signal(signal.SIGTERM)
                    killed_at = time.monotonic() + GRACE
                elif killed_at is not None and time.monotonic() > killed_at:
                    os.killpg(process.pid, signal.SIGKILL)
        show_news()
        # A container ends with its first process, and everything in it with the container.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        out.seek(0)
        log.seek(0)
        return Outcome(process.returncode, out.read(), log.read().decode(errors="replace"), time.monotonic() - started)


class HostPrograms:
    """A type whose programs run as they are installed, on this machine's own root."""

    def __init__(self, prefix: pathlib.Path):
        self.prefix = pathlib.Path(prefix).resolve()

    @property
    def identity(self) -> str:
        return f"programs {self.prefix}"

    def new_container(self, directory: pathlib.Path) -> "HostContainer":
        return HostContainer(self.prefix, directory)


class HostContainer:
    def __init__(self, prefix: pathlib.Path, directory: pathlib.Path):
        self.prefix = prefix
        self.directory = directory
        self.tmp = directory / "tmp"
        self.volumes = directory / "build"
        for path in (self.tmp, self.volumes):
            path.mkdir(parents=True)

    def volume(self, name: str) -> tuple[pathlib.Path, str]:
        """A new directory of the step, as seen from outside and from inside."""
        path = self.volumes / name
        path.mkdir()
        return path, str(path)

    def run(self, program: str, arguments: list[str], request: dict, env: dict, **options) -> Outcome:
        command = [str(self.prefix / "opt/resource" / program), *arguments]
        return run(command, json.dumps(request).encode(), {**env, "TMPDIR": str(self.tmp)}, **options)

    def remove(self) -> None:
        remove_tree(self.directory)


class RootDirectory:
    """A type whose image is a root directory (a builder's, say), entered by chroot. Needs uid 0.

    Each container gets its own copy, of hard links: what a step writes anew is its own, as on an overlay.
    """

    def __init__(self, root: pathlib.Path, programs: pathlib.Path | None = None, environment: dict | None = None):
        self.root = pathlib.Path(root).resolve()
        self.programs = programs  # installed over /opt/resource
        self.environment = environment or {}  # that of the image's configuration

    @property
    def identity(self) -> str:
        return f"root {self.root}"

    def new_container(self, directory: pathlib.Path) -> "RootContainer":
        return RootContainer(self, directory)


class RootContainer:
    def __init__(self, image: RootDirectory, directory: pathlib.Path):
        self.directory = directory
        self.environment = image.environment
        self.root = directory / "root"
        directory.mkdir(parents=True)
        link_tree(image.root, self.root)
        if image.programs is not None:
            remove_tree(self.root / "opt/resource")
            link_tree(image.programs / "opt/resource", self.root / "opt/resource")
        self.tmp = self.root / "tmp"
        remove_tree(self.tmp)
        self.tmp.mkdir()
        self.tmp.chmod(0o1777)
        (self.tmp / "build").mkdir()
        for name in ("resolv.conf", "hosts"):  # the runtime provides both
            target = self.root / "etc" / name
            target.parent.mkdir(exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(f"/etc/{name}", target)
        make_devices(self.root / "dev")

    def volume(self, name: str) -> tuple[pathlib.Path, str]:
        path = self.tmp / "build" / name
        path.mkdir()
        return path, f"/tmp/build/{name}"

    def run(self, program: str, arguments: list[str], request: dict, env: dict, **options) -> Outcome:
        command = [*bounded_set(), "chroot", str(self.root), f"/opt/resource/{program}", *arguments]
        return run(command, json.dumps(request).encode(), env | self.environment, **options)

    def remove(self) -> None:
        remove_tree(self.directory)


def link_tree(source: pathlib.Path, target: pathlib.Path) -> None:
    """A copy whose files are hard links where the file system allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    linked = subprocess.run(["cp", "-al", str(source), str(target)], capture_output=True, text=True)
    if linked.returncode != 0:
        remove_tree(target)
        subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def make_devices(directory: pathlib.Path) -> None:
    directory.mkdir(exist_ok=True)
    for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
        path = directory / name
        if not path.exists():
            os.mknod(path, 0o20666, os.makedev(1, minor))
            path.chmod(0o666)


def copy_tree(source: pathlib.Path, target: pathlib.Path) -> None:
    """The contents of a volume into another directory, with owners and times."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


def remove_tree(path: pathlib.Path) -> None:
    if not path.exists() and not path.is_symlink():
        return
    # Read-only directories do not stop uid 0, but tests may run as another user.
    if os.geteuid() != 0:
        subprocess.run(["chmod", "-R", "u+rwX", str(path)], capture_output=True)
    shutil.rmtree(path)

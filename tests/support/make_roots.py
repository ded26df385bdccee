#!/usr/bin/env python3
"""The roots that builds are tested in, made of Debian packages without containers, mounts or maintainer scripts.

A builder root is a directory to chroot into, as a container of a builder image would be. The packages come from this
machine's own apt sources, are resolved against an empty system and unpacked into a cache folder:

    ${XDG_CACHE_HOME:-~/.cache}/build-service/roots/<kind>-<key of the packages and their versions>

A filled cache is used without touching the network (--update looks for newer packages). Several may run at once. The
cached trees are shared by hard links: replace files in a clone, never write into them.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import hashlib
import inspect
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

TESTS = pathlib.Path(__file__).resolve().parent.parent
USER = 1000
GROUP = 1000
DAY = 86400
BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")

_BASE = ("base-files", "bash", "ca-certificates", "coreutils", "dash", "libc-bin", "netbase")
_BUILDER = (*_BASE, "diffutils", "findutils", "git", "grep", "gzip", "mawk", "python3", "sed", "tar", "xz-utils")
PACKAGES = {
    "run": _BASE,
    "builder": _BUILDER,
    "java-builder": (*_BUILDER, "default-jdk-headless", "maven"),
}
# Only their maintainer scripts would need these, and none is run.
LEFT_OUT = ("debconf", "fonts-", "libperl", "perl", "util-linux")


class RootError(Exception):
    """What failed, and what to do about it, in one line."""


@dataclasses.dataclass(frozen=True)
class Builder:
    """A builder root and what the configuration of its image would say."""

    root: pathlib.Path
    environment: dict[str, str]
    labels: dict[str, str]


def cache_directory() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "build-service" / "roots"


def packages_root(kind: str, update: bool = False, extra: tuple[str, ...] = ()) -> pathlib.Path:
    """The unpacked packages of a kind and `extra` ones, complete and not to be changed. Takes milliseconds when the cache is filled."""
    cache = cache_directory()
    packages = (*PACKAGES[kind], *extra)
    how = "".join(inspect.getsource(function) for function in (_fetch, _unpack, _configure, _make_builder_folders))
    recipe = hashlib.sha256(repr((packages, LEFT_OUT, how)).encode()).hexdigest()
    pointer = cache / f"{kind}.{recipe[:16]}"
    if not update and (pointer / "complete").exists():
        return _used(pointer.resolve())
    if os.geteuid() != 0:
        raise RootError("cannot make a root: its files belong to root; run this as root")
    cache.mkdir(parents=True, exist_ok=True)
    with _lock(cache / f"{kind}.lock"):
        if not update and (pointer / "complete").exists():
            return _used(pointer.resolve())
        for remains in cache.glob(f".{kind}.*"):  # of one that was killed: who makes this kind holds the lock
            shutil.rmtree(remains, ignore_errors=True)
        root = _unpacked(kind, packages, cache, recipe)
        _replace_link(pointer, root.name)
        _remove_unused(cache, kind, root)
    return root


def make_builder(directory: pathlib.Path, run_image: str, kind: str = "builder", buildpacks: list | None = None,
                 order: list | None = None, run_mirrors: list | None = None) -> Builder:
    """A builder root of its own in `directory`, which must not exist yet.

    buildpacks: folders with a buildpack.toml; those of tests/buildpacks when not given
    order: lists of ids ("id" or "id?" for an optional one), one list for each group; tests/buildpacks/order.toml else
    """
    clone(packages_root(kind) / "root", directory)
    # Concourse mounts the worker's certificates into a resource's container, for networks that need one of their own.
    worker = pathlib.Path(os.environ.get("SSL_CERT_FILE") or BUNDLE)
    if worker.exists():
        _write(directory / BUNDLE.relative_to("/"), worker.read_text())
    write_cnb(directory / "cnb", run_image, buildpacks, order, run_mirrors)
    return Builder(directory, image_environment(directory), distribution_labels(directory))


def write_cnb(cnb: pathlib.Path, run_image: str, buildpacks: list | None = None, order: list | None = None,
              run_mirrors: list | None = None) -> None:
    """What makes a root a builder: the buildpacks, their order and the run image, below /cnb. As make_builder() has them."""
    for folder in buildpacks or sorted(path.parent for path in TESTS.glob("buildpacks/*/buildpack.toml")):
        install_buildpack(pathlib.Path(folder), cnb / "buildpacks")
    if order is None:
        _write(cnb / "order.toml", (TESTS / "buildpacks/order.toml").read_text())
    else:
        _write(cnb / "order.toml", _order_document(cnb / "buildpacks", order))
    mirrors = json.dumps(run_mirrors or [])
    _write(cnb / "run.toml", f"[[images]]\nimage = {json.dumps(run_image)}\nmirrors = {mirrors}\n")


def install_buildpack(folder: pathlib.Path, buildpacks: pathlib.Path) -> pathlib.Path:
    """Copies a buildpack to <buildpacks>/<id>/<version>, owned by root; another version may stand beside it."""
    try:
        described = tomllib.loads((folder / "buildpack.toml").read_text())["buildpack"]
        target = buildpacks / described["id"].replace("/", "_") / described["version"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise RootError(f"cannot install buildpack {folder}: {error!r}; it needs a buildpack.toml with an id and a version")
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["chown", "-R", "0:0", str(target)], check=True)
    return target


def image_environment(root: pathlib.Path) -> dict[str, str]:
    """The environment that the configuration of a builder or run image made of `root` has."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "CNB_USER_ID": str(USER),
        "CNB_GROUP_ID": str(GROUP),
        "CNB_STACK_ID": stack_id(root),
    }


def distribution_labels(root: pathlib.Path) -> dict[str, str]:
    release = os_release(root)
    return {
        "io.buildpacks.base.distro.name": release["ID"],
        "io.buildpacks.base.distro.version": release["VERSION_ID"],
        "io.buildpacks.stack.id": stack_id(root),
    }


def stack_id(root: pathlib.Path) -> str:
    return f"com.example.stacks.{os_release(root)['VERSION_CODENAME']}"


def os_release(root: pathlib.Path) -> dict[str, str]:
    lines = (root / "usr/lib/os-release").read_text().splitlines()
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def clone(source: pathlib.Path, target: pathlib.Path) -> None:
    """A copy by hard links; by bytes where the target lies on another file system."""
    if target.exists():
        raise RootError(f"cannot clone a root to {target}: it exists; name a new directory")
    target.parent.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["cp", "-al", str(source), str(target)], capture_output=True).returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def architecture() -> str:
    """As OCI names it, and Debian as well for those that are tested."""
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


@contextlib.contextmanager
def _lock(path: pathlib.Path):
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _used(root: pathlib.Path) -> pathlib.Path:
    with contextlib.suppress(OSError):  # another user's cache may be read-only
        os.utime(root)
    return root


def _replace_link(link: pathlib.Path, target: str) -> None:
    fresh = link.with_name(f"{link.name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(link)


def _remove_unused(cache: pathlib.Path, kind: str, kept: pathlib.Path) -> None:
    for path in cache.glob(f"{kind}-*"):
        if path != kept and path.stat().st_mtime < time.time() - 7 * DAY:
            shutil.rmtree(path, ignore_errors=True)
    for path in cache.glob(f"{kind}.*"):
        if path.is_symlink() and not path.exists():
            path.unlink(missing_ok=True)


def _unpacked(kind: str, packages: tuple[str, ...], cache: pathlib.Path, recipe: str) -> pathlib.Path:
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            raise RootError(f"cannot make a root: {tool} not found; run this on Debian 12 or 13")
    with tempfile.TemporaryDirectory(prefix=f".{kind}.", dir=cache) as work_name:
        work = pathlib.Path(work_name)
        files = _download(packages, work)
        key = hashlib.sha256("\n".join([recipe, *(file.name for file in files)]).encode()).hexdigest()
        result = cache / f"{kind}-{key[:16]}"
        if not (result / "complete").exists():
            made = work / "made"
            (made / "root").mkdir(parents=True)
            _unpack(files, made / "root")
            _configure(made / "root")
            if kind != "run":
                _make_builder_folders(made / "root")
            _write(made / "complete", "".join(f"{file.name}\n" for file in files))
            made.chmod(0o755)
            shutil.rmtree(result, ignore_errors=True)
            made.rename(result)
        return _used(result)


def _download(packages: tuple[str, ...], work: pathlib.Path) -> list[pathlib.Path]:
    """Debian's current packages and all they depend on, checked by apt against the signed lists, in their order."""
    archives = work / "archives"
    (archives / "partial").mkdir(parents=True)
    # Third parties' repositories of this machine have no say in what the roots hold.
    _write(work / "preferences", "Package: *\nPin: release o=Debian\nPin-Priority: 500\n\n"
                                 'Package: *\nPin: origin "*"\nPin-Priority: -1\n')
    options = ["-qq", "-o", "Dir::State::status=/dev/null", "-o", "Debug::NoLocking=1", "-o", "Acquire::Retries=3",
               "-o", f"Dir::Cache::archives={archives}", "-o", f"Dir::Cache::pkgcache={work}/pkgcache",
               "-o", f"Dir::Cache::srcpkgcache={work}/srcpkgcache", "-o", f"Dir::Etc::preferences={work}/preferences",
               "-o", "Dir::Etc::preferencesparts=/dev/null", "-o", "APT::Sandbox::User=root"]
    try:
        return _fetch(packages, archives, options)
    except RootError:
        # The machine's lists are missing or older than its mirror: fresh ones, of our own.
        own = [*options, "-o", f"Dir::State::lists={work}/lists"]
        (work / "lists/partial").mkdir(parents=True)
        subprocess.run(["apt-get", *own, "update"], capture_output=True)
        return _fetch(packages, archives, own)


def _fetch(packages: tuple[str, ...], archives: pathlib.Path, options: list[str]) -> list[pathlib.Path]:
    wanted = ["install", "--yes", "--no-install-recommends", *packages]
    listed = subprocess.run(["apt-get", *options, "--print-uris", *wanted], capture_output=True, text=True)
    if listed.returncode == 0:
        names = [line.split()[1] for line in listed.stdout.splitlines()]
        listed = subprocess.run(["apt-get", *options, "--download-only", *wanted], capture_output=True, text=True)
    if listed.returncode != 0:
        why = (listed.stderr.strip().splitlines() or ["apt-get failed"])[0]
        raise RootError(f"cannot download packages for a root: {why}; check apt's sources and the network")
    return [archives / name for name in names if not name.startswith(LEFT_OUT)]


def _unpack(files: list[pathlib.Path], root: pathlib.Path) -> None:
    for name in ("bin", "sbin", "lib", *(["lib64"] if architecture() == "amd64" else [])):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    # Paths that older packages have below /bin and /lib go through these links.
    tar = ["tar", "-x", "-C", str(root), "--keep-directory-symlink", "--numeric-owner", "-p",
           "--exclude=./usr/share/doc", "--exclude=./usr/share/man", "--exclude=./usr/share/locale",
           "--exclude=./usr/share/info", "--exclude=./usr/share/lintian", "--exclude=./usr/lib/*/gconv"]
    for file in files:
        content = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(file)], stdout=subprocess.PIPE)
        unpacked = subprocess.run(tar, stdin=content.stdout, capture_output=True, text=True)
        content.stdout.close()
        if content.wait() != 0 or unpacked.returncode != 0:
            raise RootError(f"cannot unpack {file.name}: {unpacked.stderr.strip()}; is the disk full?")
    fields = "Package,Status,Architecture,Version,Multi-Arch,Source,Depends".split(",")
    status = []
    for file in files:
        control = subprocess.run(["dpkg-deb", "--field", str(file), *fields], capture_output=True, text=True, check=True)
        status.append(control.stdout.replace("\n", "\nStatus: install ok installed\n", 1))
    _write(root / "var/lib/dpkg/status", "\n".join(status))  # so that scanners see what is installed


def _configure(root: pathlib.Path) -> None:
    """What maintainer scripts would have done."""
    _write(root / "etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
                                "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
                                f"cnb:x:{USER}:{GROUP}::/home/cnb:/bin/bash\n")
    _write(root / "etc/group", f"root:x:0:\nnogroup:x:65534:\ncnb:x:{GROUP}:\n")
    _write(root / "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    _write(root / "etc/hosts", "127.0.0.1 localhost\n")
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    _write(root / BUNDLE.relative_to("/"), "".join(path.read_text() for path in certificates))
    for link, target in (("sh", "dash"), ("awk", "mawk"), ("which", "which.debianutils"), ("java", "../lib/jvm/default-java/bin/java"),
                         ("mvn", "../share/maven/bin/mvn")):
        path = root / "usr/bin" / link
        if not path.exists() and not path.is_symlink() and (path.parent / target).exists():
            path.symlink_to(target)
    _directory(root / "home/cnb", 0o755, USER)
    _directory(root / "tmp", 0o1777, 0)
    for name in ("dev", "proc", "sys"):
        _directory(root / name, 0o755, 0)


def _make_builder_folders(root: pathlib.Path) -> None:
    for name in ("workspace", "layers"):
        _directory(root / name, 0o755, USER)
    for name in ("cnb/buildpacks", "cnb/build-config/env"):
        _directory(root / name, 0o755, 0)


def _directory(path: pathlib.Path, mode: int, owner: int) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    os.chown(path, owner, owner)


def _order_document(buildpacks: pathlib.Path, order: list) -> str:
    lines = []
    for group in order:
        lines.append("[[order]]")
        for entry in group:
            name = entry.rstrip("?")
            versions = sorted(path.name for path in (buildpacks / name.replace("/", "_")).glob("*"))
            if not versions:
                raise RootError(f"cannot write an order with buildpack {name}: it is not among those installed")
            lines += ["[[order.group]]", f"id = {json.dumps(name)}", f"version = {json.dumps(versions[-1])}"]
            if entry.endswith("?"):
                lines.append("optional = true")
    return "\n".join(lines) + "\n"


def _write(path: pathlib.Path, text: str) -> None:
    """Replaces the file, so that a hard link elsewhere keeps its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o644)


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes the roots that builds are tested in.")
    commands = parser.add_subparsers(dest="command", required=True)
    warm = commands.add_parser("warm", help="fill the cache and print its folders")
    warm.add_argument("kinds", nargs="*", default=["run", "builder"], help=f"of {', '.join(PACKAGES)}")
    warm.add_argument("--update", action="store_true", help="look for newer packages")
    builder = commands.add_parser("builder", help="make a builder root; its image's environment goes to stdout as JSON")
    builder.add_argument("directory", type=pathlib.Path)
    builder.add_argument("--run-image", required=True, help="reference of the run image, for /cnb/run.toml")
    builder.add_argument("--kind", choices=[kind for kind in PACKAGES if kind != "run"], default="builder")
    arguments = parser.parse_args()
    try:
        if arguments.command == "warm":
            for kind in arguments.kinds:
                if kind not in PACKAGES:
                    raise RootError(f"unknown kind of root {kind!r}; it is one of {', '.join(PACKAGES)}")
                print(packages_root(kind, arguments.update))
        else:
            print(json.dumps(make_builder(arguments.directory, arguments.run_image, arguments.kind).environment))
    except RootError as error:
        print(f"make_roots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

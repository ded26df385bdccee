#!/usr/bin/env python3
"""Makes the run image and pushes images to a registry, with nothing but Python: what the tests compare us with is not us.

The run image has two layers: Debian's packages, and what a person maintains (/etc/base-version, users). A patched run
image (`--base-version 2`) differs in the second alone. The same input gives the same digests.
"""

import argparse
import base64
import dataclasses
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import ssl
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support import make_roots  # noqa: E402 (also run as a program)

TIME = 315532801  # 1980-01-01T00:00:01Z, as buildpacks' layers have it
ROOTS = "root's"
OCI = {
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "layer": "application/vnd.oci.image.layer.v1.tar+gzip",
}
DOCKER = {
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


class PushError(Exception):
    """Which request the registry refused, and how."""


@dataclasses.dataclass(frozen=True)
class Layer:
    path: pathlib.Path  # compressed
    digest: str
    diff_id: str
    size: int


@dataclasses.dataclass
class Image:
    config: dict
    layers: list[Layer]
    annotations: dict[str, str] = dataclasses.field(default_factory=dict)

    def documents(self, media_types: dict = OCI) -> tuple[bytes, bytes]:
        """The manifest and the configuration as they are pushed."""
        diff_ids = [layer.diff_id for layer in self.layers]
        config = compact_json({**self.config, "rootfs": {"type": "layers", "diff_ids": diff_ids}})
        layers = [{"mediaType": media_types["layer"], "size": layer.size, "digest": layer.digest} for layer in self.layers]
        described = {"mediaType": media_types["config"], "size": len(config), "digest": digest_of(config)}
        manifest = {"schemaVersion": 2, "mediaType": media_types["manifest"], "config": described, "layers": layers}
        if self.annotations:
            manifest["annotations"] = self.annotations
        return compact_json(manifest), config


class Registry:
    """One registry. Plain HTTP on loopback addresses unless `ca` or `tls` says otherwise."""

    def __init__(self, host: str, username: str = "", password: str = "", ca: str | None = None, tls: bool = False):
        loopback = host.rpartition(":")[0] in ("localhost", "127.0.0.1", "[::1]")
        self.base = f"{'https' if tls or ca or not loopback else 'http'}://{host}"
        self.context = ssl.create_default_context(cafile=ca) if self.base.startswith("https") else None
        self.headers = {}
        if username:
            token = base64.b64encode(f"{username}:{password}".encode()).decode()
            self.headers["Authorization"] = f"Basic {token}"

    def request(self, method: str, path: str, body=None, headers: dict | None = None, accept: tuple[int, ...] = ()):
        """The response, whose status is 2xx or among `accept`."""
        url = urllib.parse.urljoin(self.base, path)
        request = urllib.request.Request(url, data=body, method=method, headers={**self.headers, **(headers or {})})
        handlers = [urllib.request.ProxyHandler({})]
        if self.context:
            handlers.append(urllib.request.HTTPSHandler(context=self.context))
        try:
            return urllib.request.build_opener(*handlers).open(request, timeout=60)
        except urllib.error.HTTPError as error:
            if error.code in accept:
                return error
            raise PushError(f"{method} {url}: {error.code} {error.read(500).decode(errors='replace').strip()}") from None
        except OSError as error:
            raise PushError(f"{method} {url}: {error}; does the registry run?") from None

    def push_blob(self, repository: str, digest: str, size: int, content) -> None:
        """content: opens the bytes, and is called only when the registry lacks them."""
        if self.request("HEAD", f"/v2/{repository}/blobs/{digest}", accept=(404,)).status == 200:
            return
        started = self.request("POST", f"/v2/{repository}/blobs/uploads/", b"")
        location = urllib.parse.urljoin(self.base, started.headers["Location"])
        query = ("&" if urllib.parse.urlsplit(location).query else "?") + urllib.parse.urlencode({"digest": digest})
        with content() as body:
            headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            self.request("PUT", location + query, body, headers)

    def push(self, repository: str, tag: str, image: Image, media_types: dict = OCI) -> str:
        """The digest of the image, which is complete before its tag moves."""
        manifest, config = image.documents(media_types)
        for layer in image.layers:
            self.push_blob(repository, layer.digest, layer.size, lambda layer=layer: layer.path.open("rb"))
        self.push_blob(repository, digest_of(config), len(config), lambda: io.BytesIO(config))
        self.request("PUT", f"/v2/{repository}/manifests/{tag}", manifest, {"Content-Type": media_types["manifest"]})
        return digest_of(manifest)


def run_image(base_version: str = "1", labels: dict | None = None, environment: dict | None = None) -> Image:
    """The run image of the roots that make_roots makes."""
    root = make_roots.packages_root("run")
    packages = packages_layer(root)
    own = {
        "etc/passwd": (root / "root/etc/passwd").read_bytes(),
        "etc/group": (root / "root/etc/group").read_bytes(),
        "etc/base-version": f"{base_version}\n".encode(),
    }
    variables = {**make_roots.image_environment(root / "root"), **(environment or {})}
    config = {
        "architecture": make_roots.architecture(),
        "os": "linux",
        "created": "1980-01-01T00:00:01Z",
        "config": {
            "User": f"{make_roots.USER}:{make_roots.GROUP}",
            "Env": [f"{name}={value}" for name, value in variables.items()],
            "Cmd": ["/bin/bash"],
            "Labels": {**make_roots.distribution_labels(root / "root"), "maintainer": "tests", **(labels or {})},
        },
        "history": [{"created": "1980-01-01T00:00:01Z", "created_by": name} for name in ("packages", "base")],
    }
    return Image(config, [packages, files_layer(own)])


def files_layer(files: dict[str, bytes], mode: int = 0o644) -> Layer:
    """A small layer of files of root's, by their names without a leading slash."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted({str(parent) for file in files for parent in pathlib.PurePath(file).parents} - {"."}):
            _add(tar, name, tarfile.DIRTYPE, 0o755)
        for name in sorted(files):
            _add(tar, name, tarfile.REGTYPE, mode, files[name])
    content = gzip.compress(raw.getvalue(), mtime=0)
    digest = digest_of(content)
    path = make_roots.cache_directory() / f"layer-{digest.partition(':')[2][:16]}.tar.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _place(path, lambda file: file.write(content))
    return Layer(path, digest, digest_of(raw.getvalue()), len(content))


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def split_reference(reference: str) -> tuple[str, str, str]:
    """host, repository, tag; the host is never left out here."""
    host, _, rest = reference.partition("/")
    repository, _, tag = rest.partition(":")
    if not host or not repository:
        raise PushError(f"{reference!r} is not <host>/<repository>[:<tag>]")
    return host, repository, tag or "latest"


def tree_layer(root: pathlib.Path, path: pathlib.Path, level: int = 5, owners: str = "own") -> Layer:
    """The tar of everything below `root`, compressed into the file `path`. The same tree gives the same digests.

    owners: `own`, those of the files, or ROOTS: root's, whoever made them
    """
    made = {}

    def write(file) -> None:
        packed = _Hashing(file)
        with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=level, mtime=0) as compressed:
            plain = _Hashing(compressed)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                _add_tree(tar, root, owners)
        made.update(digest=packed.digest(), diff_id=plain.digest(), size=packed.size)

    _place(path, write)
    return Layer(path, **made)


def packages_layer(root: pathlib.Path) -> Layer:
    """The layer of a root that make_roots.packages_root() made; compressed once and kept beside it."""
    path, described = root / "layer.tar.gz", root / "layer.json"
    if not described.exists():
        layer = dataclasses.asdict(tree_layer(root / "root", path))
        del layer["path"]
        _place(described, lambda file: file.write(compact_json(layer)))
    return Layer(path, **json.loads(described.read_text()))


def _add_tree(tar: tarfile.TarFile, root: pathlib.Path, owners: str) -> None:
    for path in sorted(root.rglob("*")):
        entry = tar.gettarinfo(str(path), str(path.relative_to(root)))
        if entry is None:  # a socket
            continue
        entry.mtime, entry.uname, entry.gname = TIME, "", ""
        if owners == ROOTS:
            entry.uid, entry.gid = 0, 0
        if entry.islnk():  # a clone's links to the cache are not links of the image
            entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
        with path.open("rb") if entry.isreg() else io.BytesIO() as content:
            tar.addfile(entry, content)


def _add(tar: tarfile.TarFile, name: str, kind: bytes, mode: int, content: bytes = b"") -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime, entry.size = kind, mode, TIME, len(content)
    tar.addfile(entry, io.BytesIO(content))


def _place(path: pathlib.Path, write) -> None:
    """Whole or not at all, whoever else does the same at this moment."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def compact_json(document: dict) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


class _Hashing:
    """Passes bytes on and hashes them."""

    def __init__(self, target):
        self.target = target
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data) -> int:
        self.hash.update(data)
        self.size += len(data)
        return self.target.write(data)

    def flush(self) -> None:
        self.target.flush()

    def digest(self) -> str:
        return "sha256:" + self.hash.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description="Pushes the run image of the tests and prints its digest.")
    parser.add_argument("reference", help="<host>/<repository>[:<tag>]")
    parser.add_argument("--base-version", default="1", help="what /etc/base-version says: another one is a patched base")
    parser.add_argument("--username", default="")
    parser.add_argument("--ca", help="certificates that vouch for the registry")
    parser.add_argument("--docker", action="store_true", help="Docker's media types instead of OCI's")
    arguments = parser.parse_args()
    try:
        host, repository, tag = split_reference(arguments.reference)
        # Not an argument: those are seen by every user of the machine.
        registry = Registry(host, arguments.username, os.environ.get("REGISTRY_PASSWORD", ""), arguments.ca)
        print(registry.push(repository, tag, run_image(arguments.base_version), DOCKER if arguments.docker else OCI))
    except (PushError, make_roots.RootError) as error:
        print(f"push_image: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

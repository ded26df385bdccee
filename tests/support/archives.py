"""Ready-made images as other tools leave them: archives of `docker save`, OCI layouts in a directory or an archive.

    archive = docker_archive(tmp_path / "image.tar", [layer([("etc/motd", b"hello")])])
    layout = Layout(tmp_path / "oci")
    layout.tag(layout.image([layer([("etc/motd", b"hello")])]))
"""

import gzip
import io
import json
import pathlib
import tarfile

from support.faulty_registry import CONFIG, MANIFEST, digest_of
from support.images import INDEX

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


def compressed(tar: bytes) -> bytes:
    return gzip.compress(tar, mtime=0)


def configuration(layers: list[bytes], **settings) -> bytes:
    """Of these tars."""
    document = {"architecture": "amd64", "os": "linux", "config": {}, **settings,
                "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in layers]}}
    return json.dumps(document).encode()


def write_tar(path: pathlib.Path, members: list, **options) -> pathlib.Path:
    """`members` are (name, bytes), (name, "-> target") for a symbolic link, (name, "= target") for a hard one, or a TarInfo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", **options) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type = tarfile.SYMTYPE if content.startswith("-> ") else tarfile.LNKTYPE
                info.linkname = content.partition(" ")[2]
                tar.addfile(info)
            elif content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def docker_members(layers: list[bytes], compress=lambda tar: tar, tags: list[str] | None = None, **settings) -> list:
    """What `docker save` of before version 25 writes."""
    config = configuration(layers, **settings)
    name = digest_of(config).partition(":")[2] + ".json"
    paths = [f"{digest_of(tar).partition(':')[2]}/layer.tar" for tar in layers]
    manifest = [{"Config": name, "RepoTags": tags, "Layers": paths}]
    members = dict(zip(paths, map(compress, layers), strict=True))
    return [*members.items(), (name, config), ("manifest.json", json.dumps(manifest).encode())]


def docker_archive(path: pathlib.Path, layers: list[bytes], compress=lambda tar: tar, **settings) -> pathlib.Path:
    return write_tar(path, docker_members(layers, compress, **settings))


class Layout:
    """An OCI image layout that is being written."""

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        (directory / "blobs/sha256").mkdir(parents=True)
        (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.entries: list[dict] = []
        self._write_index()

    def path(self, digest: str) -> pathlib.Path:
        return self.directory / "blobs/sha256" / digest.partition(":")[2]

    def blob(self, content: bytes, media_type: str, **more) -> dict:
        digest = digest_of(content)
        self.path(digest).write_bytes(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}

    def image(self, layers: list[bytes], compress=compressed, layer_type: str = GZIP, **settings) -> dict:
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.blob(configuration(layers), CONFIG),
                    "layers": [self.blob(compress(tar), layer_type) for tar in layers], **settings}
        return self.blob(json.dumps(manifest).encode(), MANIFEST)

    def index(self, entries: list[dict], **settings) -> dict:
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries, **settings}
        return self.blob(json.dumps(document).encode(), INDEX)

    def tag(self, entry: dict, name: str = "latest") -> str:
        self.entries.append({**entry, "annotations": {"org.opencontainers.image.ref.name": name}})
        self._write_index()
        return entry["digest"]

    def archive(self, path: pathlib.Path) -> pathlib.Path:
        files = sorted(file for file in self.directory.rglob("*") if file.is_file())
        return write_tar(path, [(str(file.relative_to(self.directory)), file.read_bytes()) for file in files])

    def _write_index(self) -> None:
        document = {"schemaVersion": 2, "manifests": self.entries}
        (self.directory / "index.json").write_text(json.dumps(document))

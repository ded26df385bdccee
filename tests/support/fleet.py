"""Fleets of small images for the tests: a base in a few layers, that base patched, and applications that buildpacks built
on it, as far as their labels tell.

The images are laid straight into the storage of a docker-registry (distribution's path layout, registry/storage/paths.go):
a thousand of them in a few seconds, and nothing of ours takes part in it.
"""

import dataclasses
import gzip
import hashlib
import io
import json
import pathlib
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def dump(document) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def tar(files: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(text.encode()), 315532801
            archive.addfile(entry, io.BytesIO(text.encode()))
    return raw.getvalue()


def dpkg(packages: dict[str, str]) -> str:
    return "".join(f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n" for name, version in packages.items())


@dataclasses.dataclass(frozen=True)
class Layer:
    blob: bytes
    diff_id: str
    media_type: str = LAYER

    @classmethod
    def of(cls, files: dict[str, str], compress=lambda raw: gzip.compress(raw, 1, mtime=0), media_type: str = LAYER) -> "Layer":
        raw = tar(files)
        return cls(compress(raw), digest_of(raw), media_type)

    @property
    def descriptor(self) -> dict:
        return {"mediaType": self.media_type, "digest": digest_of(self.blob), "size": len(self.blob)}


def base_layers(version: str, padding: int = 0) -> list[Layer]:
    """Three layers, of which two differ from version to version."""
    return [Layer.of({"etc/os-release": "ID=debian\n"}),
            Layer.of({"var/lib/dpkg/status": dpkg({"base-files": "12.4", "openssl": version, "tzdata": "2024a"})}),
            Layer.of({"etc/base-version": f"{version}\n", "usr/share/padding": "x" * padding})]


class Storage:
    """The files of a docker-registry, while it runs or before."""

    def __init__(self, data: pathlib.Path, host: str):
        self.root = pathlib.Path(data) / "docker/registry/v2"
        self.host = host

    def blob(self, repository: str, content: bytes) -> str:
        digest = digest_of(content)
        name = digest.partition(":")[2]
        path = self.root / f"blobs/sha256/{name[:2]}/{name}/data"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._link(f"repositories/{repository}/_layers/sha256/{name}", digest)
        return digest

    def manifest(self, repository: str, tag: str, document: dict) -> str:
        content = dump(document)
        digest = digest_of(content)
        name = digest.partition(":")[2]
        path = self.root / f"blobs/sha256/{name[:2]}/{name}/data"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        manifests = f"repositories/{repository}/_manifests"
        self._link(f"{manifests}/revisions/sha256/{name}", digest)
        if tag:
            self._link(f"{manifests}/tags/{tag}/current", digest)
            self._link(f"{manifests}/tags/{tag}/index/sha256/{name}", digest)
        return digest

    def image(self, repository: str, tag: str, layers: list[Layer], labels: dict | None = None, architecture: str = "amd64",
              **members) -> str:
        config = dump({"architecture": architecture, "os": "linux", "config": {"Labels": labels or {}},
                       "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}, **members})
        for layer in layers:
            self.blob(repository, layer.blob)
        described = {"mediaType": CONFIG, "digest": self.blob(repository, config), "size": len(config)}
        return self.manifest(repository, tag, {"schemaVersion": 2, "mediaType": MANIFEST, "config": described,
                                               "layers": [layer.descriptor for layer in layers]})

    def index(self, repository: str, tag: str, images: dict[str, str]) -> str:
        """An index of digests by their architecture."""
        entries = [{"mediaType": MANIFEST, "digest": digest, "size": len(self._manifest(digest)),
                    "platform": {"os": "linux", "architecture": architecture}} for architecture, digest in images.items()]
        return self.manifest(repository, tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    def base(self, version: str, tag: str = "base", repository: str = "run", architecture: str = "amd64", **options) -> str:
        labels = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}
        return self.image(repository, tag, base_layers(version, **options), labels, architecture)

    def application(self, repository: str, tag: str, version: str, run_image: str, code: str = "", labels: dict | None = None,
                    base: str = "run", architecture: str = "amd64", layers: list[Layer] | None = None, **members) -> str:
        """On the base of `version`, whose digest is `run_image`."""
        below = layers or base_layers(version)
        own = [Layer.of({"workspace/app": code or f"the code of {repository}"}), Layer.of({"layers/lib": f"libraries of {repository}"})]
        metadata = {"app": [{"sha": own[0].diff_id}], "buildpacks": [{"key": "acme/lib", "version": "1.0", "layers": {
                        "lib": {"sha": own[1].diff_id, "launch": True}}}],
                    "runImage": {"topLayer": below[-1].diff_id, "reference": f"{self.host}/{base}@{run_image}",
                                 "image": f"{self.host}/{base}:base"}}
        labels = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12",
                  "io.buildpacks.lifecycle.metadata": dump(metadata).decode(), **(labels or {})}
        return self.image(repository, tag, [*below, *own], labels, architecture, **members)

    # What a test asks afterwards

    def tag(self, repository: str, tag: str) -> str:
        return (self.root / f"repositories/{repository}/_manifests/tags/{tag}/current/link").read_text()

    def document(self, digest: str) -> dict:
        return json.loads(self._manifest(digest))

    def layers(self, repository: str, tag: str) -> list[str]:
        return [layer["digest"] for layer in self.document(self.tag(repository, tag))["layers"]]

    def is_whole(self, repository: str, tag: str) -> bool:
        """Every manifest and blob below the tag is in the repository."""
        def has(kind: str, digest: str) -> bool:
            return (self.root / f"repositories/{repository}/{kind}/sha256/{digest.partition(':')[2]}/link").exists()

        pending = [self.tag(repository, tag)]
        while pending:
            digest = pending.pop()
            if not digest or not has("_manifests/revisions", digest):
                return False
            document = self.document(digest)
            pending += [entry["digest"] for entry in document.get("manifests", [])]
            blobs = [document["config"], *document["layers"]] if "config" in document else []
            if not all(has("_layers", blob["digest"]) for blob in blobs):
                return False
        return True

    def _manifest(self, digest: str) -> bytes:
        name = digest.partition(":")[2]
        return (self.root / f"blobs/sha256/{name[:2]}/{name}/data").read_bytes()

    def _link(self, path: str, digest: str) -> None:
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "link").write_text(digest)

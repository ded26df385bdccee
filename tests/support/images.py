"""Small images for the tests of the image kind, pushed to a real registry by Python alone."""

import gzip
import json
import pathlib

from support.faulty_registry import CONFIG, MANIFEST, digest_of
from support.push_image import Registry
from support.registry_server import RegistryServer

INDEX = "application/vnd.oci.image.index.v1+json"


class Pusher:
    def __init__(self, server: RegistryServer, repository: str = "acme/app"):
        self.repository = repository
        ca = str(server.authority.certificate) if server.authority else None
        self.registry = Registry(server.host, server.username, server.password, ca)
        if server.tokens:
            token = server.tokens.token("robot", [f"repository:{repository}:pull,push,delete"])
            self.registry.headers["Authorization"] = f"Bearer {token}"

    def image(self, tag: str, layers: list[bytes], config: dict | None = None, compress=gzip.compress,
              layer_type: str = "application/vnd.oci.image.layer.v1.tar+gzip", **settings) -> str:
        """Pushes an image of these tars and returns its digest."""
        document = {"architecture": "amd64", "os": "linux", "config": config or {},
                    "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in layers]}, **settings}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.blob(json.dumps(document).encode(), CONFIG),
                    "layers": [self.blob(compress(tar), layer_type) for tar in layers]}
        return self.manifest(tag, manifest)

    def index(self, tag: str, images: list[tuple[str, dict]]) -> str:
        """An index of digests with their platforms."""
        entries = []
        for digest, platform in images:
            path = f"/v2/{self.repository}/manifests/{digest}"
            size = len(self.registry.request("GET", path, headers={"Accept": MANIFEST}).read())
            entries.append({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform})
        return self.manifest(tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    def blob(self, content: bytes, media_type: str) -> dict:
        digest = digest_of(content)
        self.registry.push_blob(self.repository, digest, len(content), lambda: _Open(content))
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def manifest(self, tag: str, document: dict) -> str:
        content = json.dumps(document).encode()
        self.registry.request("PUT", f"/v2/{self.repository}/manifests/{tag}", content, {"Content-Type": document["mediaType"]})
        return digest_of(content)

    def delete(self, digest: str) -> None:
        self.registry.request("DELETE", f"/v2/{self.repository}/manifests/{digest}")


class _Open:
    """Bytes as push_blob() wants to open them."""

    def __init__(self, content: bytes):
        self.content = content

    def __enter__(self) -> bytes:
        return self.content

    def __exit__(self, *_) -> None:
        pass


def layer_digest(pusher: Pusher, digest: str, index: int = 0) -> str:
    path = f"/v2/{pusher.repository}/manifests/{digest}"
    return json.loads(pusher.registry.request("GET", path, headers={"Accept": MANIFEST}).read())["layers"][index]["digest"]


def tree(directory: pathlib.Path) -> dict[str, str]:
    """Every file below a directory with its content, for comparing."""
    return {str(path.relative_to(directory)): path.read_text(errors="replace")
            for path in sorted(directory.rglob("*")) if path.is_file() and not path.is_symlink()}

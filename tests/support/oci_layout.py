"""An OCI image layout in a directory (image-layout.md), written with nothing but Python."""

import json
import os
import pathlib
import shutil

from support import push_image

INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"


class LayoutError(Exception):
    """What is wrong with a layout, in one line."""


class Layout:
    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        self.blobs = directory / "blobs/sha256"

    def manifest(self) -> dict:
        """That of the only image, beside which there may be artifacts that refer to it."""
        listed = json.loads((self.directory / "index.json").read_text())["manifests"]
        images = [entry for entry in listed if "artifactType" not in entry]
        if len(images) != 1:
            raise LayoutError(f"{self.directory} holds {len(images)} images; one was expected")
        return self.document(images[0]["digest"])

    def document(self, digest: str) -> dict:
        return json.loads((self.blobs / digest.partition(":")[2]).read_text())

    def add(self, content: bytes) -> str:
        digest = push_image.digest_of(content)
        self.blobs.mkdir(parents=True, exist_ok=True)
        (self.blobs / digest.partition(":")[2]).write_bytes(content)
        return digest

    def add_layer(self, layer: push_image.Layer) -> None:
        self.blobs.mkdir(parents=True, exist_ok=True)
        target = self.blobs / layer.digest.partition(":")[2]
        if not target.exists():
            try:
                os.link(layer.path, target)
            except OSError:  # another file system
                shutil.copyfile(layer.path, target)

    def add_image(self, image: push_image.Image) -> dict:
        """Its descriptor, for an index."""
        for layer in image.layers:
            self.add_layer(layer)
        manifest, config = image.documents()
        self.add(config)
        return self.add_manifest(manifest)

    def add_manifest(self, manifest: bytes) -> dict:
        kind = json.loads(manifest).get("mediaType", push_image.OCI["manifest"])
        return {"mediaType": kind, "digest": self.add(manifest), "size": len(manifest)}

    def add_artifact(self, subject: dict, kind: str, content: bytes, annotations: dict[str, str]) -> dict:
        """What says of `subject` (image-spec, manifest.md, "Guidelines for Artifact Usage"); its descriptor for index.json."""
        empty = {"mediaType": EMPTY, "digest": self.add(b"{}"), "size": 2}
        layer = {"mediaType": kind, "digest": self.add(content), "size": len(content)}
        of = {name: subject[name] for name in ("mediaType", "digest", "size")}
        manifest = {"schemaVersion": 2, "mediaType": push_image.OCI["manifest"], "artifactType": kind, "config": empty, "layers": [layer],
                    "subject": of, "annotations": annotations}
        return {**self.add_manifest(push_image.compact_json(manifest)), "artifactType": kind}

    def write_index(self, manifests: list[dict]) -> None:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        (self.directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        (self.directory / "index.json").write_text(json.dumps(index))

"""What the project's images say of where they come from: the labels and annotations of the image specification."""

import dataclasses
import datetime
import os
import pathlib
import re
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent


@dataclasses.dataclass(frozen=True)
class Origin:
    """What an image says of where it comes from; empty where it is not known, as outside of a clone."""

    version: str
    revision: str
    created: str
    source: str

    def annotations(self, title: str, description: str) -> dict[str, str]:
        """By the keys of the image specification (annotations.md), which are those of labels, too."""
        said = {
            "title": title,
            "description": description,
            "version": self.version,
            "revision": self.revision,
            "created": self.created,
            "licenses": "Apache-2.0",
            "source": self.source,
            "url": self.source,
            "documentation": f"{self.source}#readme" if self.source else "",
        }
        return {f"org.opencontainers.image.{name}": text for name, text in sorted(said.items()) if text}


def origin_of(source: str = "", revision: str = "") -> Origin:
    """That of this clone, where the arguments do not say another."""
    version = re.search(r"project\(build-service VERSION (\S+)", (PROJECT / "CMakeLists.txt").read_text()).group(1)
    if not revision:
        revision = git("rev-parse", "HEAD")
        if revision and git("status", "--porcelain"):
            print("the clone has changes that are not committed; the revision says so (-dirty)", file=sys.stderr)
            revision += "-dirty"
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct")
    created = ""
    if seconds.isdigit():
        created = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    # A password in the address of the remote is nobody's business.
    source = source or re.sub(r"//[^/@]*@", "//", git("config", "--get", "remote.origin.url"))
    # Another's ssh address or folder is of no use to whoever reads the label.
    source = source if source.startswith("https://") else ""
    return Origin(version, revision, created, source.removesuffix(".git"))


def git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""

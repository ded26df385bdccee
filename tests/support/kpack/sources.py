"""Where the source of an Image stands: what kpack's SourceResolver finds out."""

import re
import subprocess

from support.git_server import ENVIRONMENT

UNREACHABLE = "unreachable"
SHA = re.compile(r"[0-9a-f]{40}")


class Sources:
    """`repositories` tells of a git URL without asking: {"main": sha}, or UNREACHABLE. Others on this machine are asked."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict | str] = {}

    def resolve(self, source: dict) -> dict:
        """The status.source of a SourceResolver."""
        sub_path = {"subPath": source["subPath"]} if source.get("subPath") else {}
        if source.get("git"):
            git = source["git"]
            revision, kind = self._git(git["url"], git["revision"])
            submodules = {"initializeSubmodules": True} if git.get("initializeSubmodules") else {}
            return {"git": {"url": git["url"], "revision": revision, "type": kind, **sub_path, **submodules}}
        kind = "blob" if source.get("blob") else "registry"
        return {kind: {**source[kind], **sub_path}}

    def _git(self, url: str, revision: str) -> tuple[str, str]:
        known = self.repositories.get(url)
        if known is None:
            known = self._ask(url)
        if known == UNREACHABLE:
            return revision, "Unknown"
        if revision in known:
            return known[revision], "Branch"
        # Whatever is not a name of the repository is taken for a commit, also when there is no such commit.
        return revision, "Commit"

    @staticmethod
    def _ask(url: str) -> dict | str:
        if not re.match(r"(https?://|ssh://|git@)?(127\.0\.0\.1|localhost)[:/]|file://|/", url):
            return UNREACHABLE
        environment = {**ENVIRONMENT, "GIT_SSL_NO_VERIFY": "1"}
        try:
            done = subprocess.run(["git", "ls-remote", url], env=environment, capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:
            return UNREACHABLE
        if done.returncode != 0:
            return UNREACHABLE
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        return {re.sub(r"^refs/(heads|tags)/", "", name): sha for sha, name in reversed(lines) if not name.endswith("^{}")}


def of_build(resolved: dict) -> dict:
    """A SourceResolver's status.source as a Build's spec.source has it."""
    (kind, found), = resolved.items()
    source = {name: value for name, value in found.items() if name not in ("type", "subPath", "tree")}
    return {kind: source, **({"subPath": found["subPath"]} if found.get("subPath") else {})}


def is_pollable(resolved: dict) -> bool:
    return resolved.get("git", {}).get("type") in ("Branch", "Tag")

"""The pages of the project, and their blocks: what a reader copies.

    for page in pages(project):
        for block in blocks(project, page): ...     # block.language: "sh", "yaml", ...
"""

import dataclasses
import pathlib
import re

from markdown_it import MarkdownIt

SHELL = {"sh", "bash", "shell"}


@dataclasses.dataclass(frozen=True)
class Block:
    page: str  # as the project names it: "docs/put.md"
    line: int  # of its first line
    language: str  # "sh" also for one that is only indented
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def start(self) -> str:
        """Its first line that is not a comment."""
        lines = [line.strip() for line in self.text.splitlines()]
        return next((line for line in lines if line and not line.startswith("#")), "")


def pages(project: pathlib.Path) -> list[str]:
    found = [path for folder in ("docs", "ci", "pipelines") for path in (project / folder).rglob("*.md")]
    return sorted(str(path.relative_to(project)) for path in [*project.glob("*.md"), *found])


def blocks(project: pathlib.Path, page: str) -> list[Block]:
    result = []
    for token in MarkdownIt().parse((project / page).read_text()):
        if token.type == "fence":
            language = (token.info.split() or ["text"])[0]
            result.append(Block(page, token.map[0] + 2, "sh" if language in SHELL else language, token.content))
        elif token.type == "code_block":
            result.append(Block(page, token.map[0] + 1, "sh", token.content))
    return result


def links(project: pathlib.Path, page: str) -> list[str]:
    """What the page's links and pictures point to."""
    tokens = MarkdownIt().enable("table").parse((project / page).read_text())
    inner = [child for token in tokens for child in token.children or []]
    return [str(child.attrs[name]) for child in inner for name in ("href", "src") if name in child.attrs]


def anchors(project: pathlib.Path, page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    tokens = MarkdownIt().enable("table").parse((project / page).read_text())
    found: set[str] = set()
    for token, inline in zip(tokens, tokens[1:]):
        if token.type == "heading_open":
            shown = "".join(child.content for child in inline.children if child.type in ("text", "code_inline"))
            anchor = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
            found.add(anchor if anchor not in found else f"{anchor}-1")
    return found

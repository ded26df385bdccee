"""The little of SVG that the pictures need: text in cells of one width, rectangles, and what must not be in a picture."""

import re
from xml.sax.saxutils import escape, quoteattr

from support.ansi import Span, Style

FONT = "Inconsolata,'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace"
CELL = 0.602  # of the font's size: the width of a character in the usual fonts of terminals


class Drawing:
    def __init__(self, width: float, height: float, title: str, style: str = ""):
        self.width, self.height = width, height
        self._parts = [f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {number(width)} {number(height)}" '
                       f'width="{number(width)}" height="{number(height)}" role="img" aria-label={quoteattr(title)}>',
                       f"<title>{escape(title)}</title>",
                       f"<style>text{{font-family:{FONT};white-space:pre}}{style}</style>"]

    def add(self, markup: str) -> None:
        self._parts.append(markup)

    def rectangle(self, x: float, y: float, width: float, height: float, fill: str, more: str = "") -> None:
        self.add(f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" fill="{fill}"'
                 f"{' ' + more if more else ''}/>")

    def text(self, x: float, y: float, content, size: float, fill: str, more: str = "") -> None:
        """`content` is a text, or spans of one; `y` is the line on which it stands."""
        inner = escape(content) if isinstance(content, str) else "".join(tspan(span, fill) for span in content)
        if inner.strip():
            self.add(f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}"{" " + more if more else ""}>'
                     f"{inner}</text>")

    def line(self, points: list[tuple[float, float]], stroke: str) -> None:
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.add(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="2"/>')

    def document(self) -> str:
        return "\n".join([*self._parts, "</svg>"]) + "\n"


def tspan(span: Span, fill: str) -> str:
    text = escape(span.text)
    return text if span.style.foreground == fill or not span.text.strip() else f'<tspan fill="{span.style.foreground}">{text}</tspan>'


def number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def width_of(text: str, size: float) -> float:
    return len(text) * size * CELL


def wrapped(spans: list[Span], columns: int) -> list[list[Span]]:
    """The line, cut as a terminal of so many columns cuts it."""
    rows: list[list[Span]] = [[]]
    room = columns
    for span in spans:
        text = span.text
        while len(text) > room:
            rows[-1].append(Span(text[:room], span.style))
            text, room = text[room:], columns
            rows.append([])
        if text:
            rows[-1].append(Span(text, span.style))
            room -= len(text)
    return rows


def recoloured(spans: list[Span], colours: dict[str, str]) -> list[Span]:
    return [Span(span.text, Style(colours.get(span.style.foreground, span.style.foreground))) for span in spans]


# What the machine that played the story is called, and what the picture calls it.
NAMES = [
    (re.compile(r"https?://127\.0\.0\.1:\d+(?=/[\w./-]*\.git\b)"), "https://git.example.com"),
    (re.compile(r"https://127\.0\.0\.1:\d+"), "https://cluster.example.com"),
    (re.compile(r"(http://)?127\.0\.0\.1:\d+"), "registry.example.com"),
]
HEX = re.compile(r"\b([0-9a-f]{10})[0-9a-f]{54}\b")
# Nothing of the machine, and no credential.
FORBIDDEN = re.compile(r"127\.0\.0\.1|localhost|/tmp/|/root\b|/work/|/home/|/var/|robot-password|password\": \"(?!\.\.\.)|PRIVATE KEY"
                       r"|\bBearer |\beyJ[\w-]{10}|<script|href=")


def renamed(text: str) -> str:
    for pattern, name in NAMES:
        text = pattern.sub(name, text)
    return text


def shortened(text: str) -> str:
    """A digest's beginning is what people compare; all of it takes a line."""
    return HEX.sub("\\1...", text)


def require_clean(document: str) -> str:
    found = FORBIDDEN.search(document)
    if found:
        around = document[max(0, found.start() - 60):found.end() + 60]
        raise ValueError(f"the picture would show {found[0]!r}: ...{around}...")
    return document

"""What a log looks like on Concourse's page: its terminal (columns, carriage returns, colours), its palette, the contrast.

The palette is that of Concourse's web (typography.less, _vars.less). Its text is bold as it is, so bold shows nothing there.
"""

import dataclasses
import re

BACKGROUND = "#363636"
TEXT = "#e6e7e8"
# SGR 30 to 37; the bright ones are the same colours, but for bright black.
PALETTE = ("#4d4d4d", "#e74c3c", "#2ecc71", "#f1c40f", "#3498db", "#9b59b6", "#1abc9c", "#e2e2e2")
BRIGHT = ("#7a7373", *PALETTE[1:])
FAINT = "#626262"
LEAST_CONTRAST = 4.5  # of text, Web Content Accessibility Guidelines 2.1, success criterion 1.4.3

SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


@dataclasses.dataclass(frozen=True)
class Style:
    foreground: str = TEXT
    background: str = BACKGROUND

    @property
    def contrast(self) -> float:
        return contrast(self.foreground, self.background)


PLAIN = Style()


@dataclasses.dataclass(frozen=True)
class Span:
    text: str
    style: Style = PLAIN


def lines_of(text: str) -> list[list[Span]]:
    """The lines as the page draws them. A line that is drawn anew (carriage return) is overwritten from its start."""
    drawn, style = [], PLAIN
    for raw in text.removesuffix("\n").split("\n"):
        cells: list[tuple[str, Style]] = []
        column = 0
        for part in re.split(r"(\x1b\[[0-9;]*[A-Za-z]|\r)", raw):
            sequence = SEQUENCE.fullmatch(part)
            if sequence and sequence[2] == "m":
                style = styled(style, sequence[1])
            elif sequence and sequence[2] == "K":
                del cells[column:]
            elif part == "\r":
                column = 0
            elif not sequence:
                for character in part.expandtabs(8):
                    cells[column:column + 1] = [(character, style)]
                    column += 1
        drawn.append(spans_of(cells))
    return drawn


def spans_of(cells: list[tuple[str, Style]]) -> list[Span]:
    spans: list[Span] = []
    for character, style in cells:
        if spans and spans[-1].style == style:
            spans[-1] = Span(spans[-1].text + character, style)
        else:
            spans.append(Span(character, style))
    return spans


def styled(style: Style, codes: str) -> Style:
    for code in (int(code or 0) for code in codes.split(";")):
        if code == 0:
            style = PLAIN
        elif code == 2:
            style = dataclasses.replace(style, foreground=FAINT)
        elif code in (39, 22):
            style = dataclasses.replace(style, foreground=TEXT)
        elif code == 49:
            style = dataclasses.replace(style, background=BACKGROUND)
        elif code // 10 in (3, 4, 9, 10) and code % 10 < 8:
            colours = BRIGHT if code >= 90 else PALETTE
            which = "foreground" if code // 10 in (3, 9) else "background"
            style = dataclasses.replace(style, **{which: colours[code % 10]})
    return style


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances, 1 to 21, as WCAG 2.1 computes it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[start:start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

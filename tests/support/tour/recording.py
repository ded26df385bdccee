"""A terminal's output as one animated SVG: the lines one below the other, moved past a window by CSS alone.

A page that shows it as an image runs no script in it. Who asks for less motion sees the last frame, and so does whoever
knows no animation.
"""

import dataclasses
import json
import os
import pty
import re
import subprocess
import time

from support.ansi import TEXT, lines_of
from support.tour.svg import CELL, Drawing, number, recoloured, renamed, require_clean, shortened, wrapped

COLUMNS, ROWS = 110, 30
SIZE, ROW = 13, 18  # pixels
MARGIN, BAR = 12, 28
TERMINAL = "#1e1e1e"
# Faint text is hard to read; a recording is there to be read.
READABLE = {"#626262": "#a4a4a4"}
CHAPTER = re.compile(r"^\s*\d+  \S")

# Seconds. What takes long is shortened, and what is gone in a moment stays until it can be read.
LEAST, MOST = 0.12, 1.2
AFTER_CHAPTER = 1.6
AT_THE_END = 8.0


@dataclasses.dataclass
class Line:
    text: str  # with its colours
    seconds: float  # since the beginning


def record(command: list[str], env: dict[str, str]) -> list[Line]:
    """Runs the command on a terminal of its own and keeps what it prints, line by line. CalledProcessError when it fails."""
    ours, its = pty.openpty()
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its, stderr=its, env={**env, "TERM": "xterm"})
    os.close(its)
    lines, rest = [], b""
    while True:
        try:
            news = os.read(ours, 65536)
        except OSError:  # the other side is closed
            news = b""
        if not news:
            break
        *whole, rest = (rest + news).split(b"\n")
        lines += [Line(line.decode(errors="replace").removesuffix("\r"), time.monotonic() - started) for line in whole]
    os.close(ours)
    if process.wait() != 0:
        raise subprocess.CalledProcessError(process.returncode, command, "\n".join(line.text for line in lines[-30:]))
    return lines


def save(lines: list[Line]) -> str:
    """As asciinema's version 2 has it: a header, then [seconds, "o", text] for each."""
    head = {"version": 2, "width": COLUMNS, "height": ROWS}
    return "".join(json.dumps(entry) + "\n" for entry in [head, *([line.seconds, "o", line.text + "\r\n"] for line in lines)])


def load(text: str) -> list[Line]:
    entries = [json.loads(line) for line in text.splitlines()[1:]]
    return [Line(text.rstrip("\r\n"), seconds) for seconds, _, text in entries]


def story_of(lines: list[Line]) -> list[Line]:
    """From the first chapter on: what is compiled before is the same for every reader."""
    for index, line in enumerate(lines):
        if CHAPTER.match("".join(span.text for span in lines_of(line.text)[0])):
            return lines[index:]
    return lines


def aligned(text: str) -> str:
    """With the names of the picture, and what is right of them where it was: in a table, a blank gives way."""
    named = shortened(renamed(text))
    longer = len(named) - len(shortened(text))
    blanks = re.compile(rf"(?<=\S) {{{longer + 2},}}(?=\S)") if longer > 0 else None
    found = blanks.search(named, named.find("example.com")) if blanks else None
    return named[:found.start()] + named[found.start() + longer:] if found else named


def draw(lines: list[Line], title: str) -> str:
    rows, times = [], []
    clock, before = 0.0, lines[0].seconds if lines else 0.0
    drawn = lines_of("\n".join(aligned(line.text) for line in lines))  # together: a colour goes on in the next line
    for line, spans in zip(lines, (recoloured(spans, READABLE) for spans in drawn)):
        parts = wrapped(spans, COLUMNS)
        plain = "".join(span.text for span in spans)
        clock += min(MOST, max(LEAST if plain.strip() else 0.0, line.seconds - before))
        before = line.seconds
        rows += parts
        times += [clock] * len(parts)
        if CHAPTER.match(plain):
            clock += AFTER_CHAPTER
    return require_clean(_drawing(rows, times, clock + AT_THE_END, title))


def _drawing(rows: list, times: list[float], duration: float, title: str) -> str:
    width, height = 2 * MARGIN + COLUMNS * SIZE * CELL, BAR + 2 * MARGIN + ROWS * ROW
    scrolled = [max(0, index + 1 - ROWS) for index in range(len(rows))]
    shown = [min(ROWS, index + 1) for index in range(len(rows))]
    style = (_keyframes("scroll", times, [-ROW * count for count in scrolled], duration)
             + _keyframes("curtain", times, [ROW * count for count in shown], duration)
             + "@media (prefers-reduced-motion:reduce){.scroll,.curtain{animation:none!important}}")
    drawing = Drawing(width, height, title, style)
    drawing.rectangle(0, 0, width, height, TERMINAL, 'rx="6"')
    for index, colour in enumerate(("#ed4b35", "#f1c40f", "#11c560")):
        drawing.add(f'<circle cx="{18 + 18 * index}" cy="15" r="5.5" fill="{colour}"/>')
    drawing.text(width / 2, 19, title, 12, "#a4a4a4", 'text-anchor="middle"')
    drawing.add(f'<svg x="{MARGIN}" y="{BAR + MARGIN}" width="{number(width - 2 * MARGIN)}" height="{ROWS * ROW}">'
                f'<g class="scroll" transform="translate(0 {-ROW * (scrolled[-1] if scrolled else 0)})">')
    for index, row in enumerate(rows):
        drawing.text(0, ROW * index + SIZE, row, SIZE, TEXT)
    drawing.add("</g>")
    # What is still to come is behind it.
    drawing.add(f'<rect class="curtain" width="{number(width)}" height="{ROWS * ROW}" fill="{TERMINAL}" '
                f'transform="translate(0 {ROW * (shown[-1] if shown else 0)})"/></svg>')
    return drawing.document()


def _keyframes(name: str, times: list[float], places: list[int], duration: float) -> str:
    """Jumps to each place at its time. Places that are the same as the one before need no word."""
    frames, last = [], None
    for at, place in zip(times, places):
        if place == last:
            continue
        if frames and frames[-1][0] == at:
            frames.pop()
        frames.append((at, place))
        last = place
    text = "".join(f"{100 * at / duration:.2f}%{{transform:translateY({place}px)}}" for at, place in frames)
    first = places[0] if places else 0
    final = places[-1] if places else 0
    return (f"@keyframes {name}{{0%{{transform:translateY({first}px)}}{text}100%{{transform:translateY({final}px)}}}}"
            f".{name}{{animation:{name} {duration:.1f}s step-end infinite}}")



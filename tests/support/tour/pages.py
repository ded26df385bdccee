"""Concourse's three pages that a user of a pipeline sees, drawn from a pipeline that the stand-in has played.

Measures and colours are those of Concourse's web; what the pages say is what the programs answered and logged.
"""

import dataclasses
import time

from support.ansi import BACKGROUND, TEXT, lines_of
from support.tour.svg import CELL, Drawing, renamed, require_clean, shortened, width_of, wrapped

PAGE, BLACK, DARK, KEY = "#3d3c3c", "#151515", "#262626", "#4d4d4d"
GREEN, RED, FRAME, PALE, STARTED = "#11c560", "#ed4b35", "#1e1d1d", "#a4a4a4", "#f1c40f"
STATUS = {"succeeded": GREEN, "failed": RED, "errored": "#f5a623", "aborted": "#8b572a"}
BOLD = 'font-weight="bold"'
WIDTH = 1000
TOP = 54


def words(text: str) -> str:
    return shortened(renamed(text))


def top_bar(drawing: Drawing, *path: str) -> None:
    drawing.rectangle(0, 0, drawing.width, drawing.height, PAGE)
    drawing.rectangle(0, 0, drawing.width, TOP, BLACK)
    drawing.add(f'<g stroke="{TEXT}" stroke-width="2.5" fill="none"><circle cx="27" cy="27" r="11"/>'
                '<path d="M27 10v8M27 36v8M10 27h8M36 27h8"/></g>')
    drawing.text(64, 33, "  /  ".join(path), 18, "#e2e2e2", BOLD)


# The pipeline


@dataclasses.dataclass
class Node:
    name: str
    column: int
    kind: str  # resource, constrained or job
    status: str = ""
    row: int = 0


def graph_of(pipeline) -> tuple[list[Node], list[tuple[Node, Node, bool, str]]]:
    """Nodes by column, and edges with whether they trigger and the status of the job they belong to."""
    nodes: list[Node] = []
    edges = []

    def node(name: str, column: int, kind: str, status: str = "", fresh: bool = False) -> Node:
        for known in nodes:
            if not fresh and (known.name, known.kind, known.column) == (name, kind, column):
                return known
        nodes.append(Node(name, column, kind, status))
        return nodes[-1]

    places: dict[str, Node] = {}
    for job in pipeline.config["jobs"]:
        gets = [step for step in job["plan"] if "get" in step]
        passed = [places[name] for step in gets for name in step.get("passed", []) if name in places]
        column = 1 if not passed else max(place.column for place in passed) + 2
        builds = pipeline.builds(job["name"])
        status = builds[-1].status if builds else ""
        places[job["name"]] = place = node(job["name"], column, "job", status)
        for step in gets:
            name = step.get("resource", step["get"])
            before = [places[other] for other in step.get("passed", []) if other in places]
            source = node(name, column - 1, "constrained" if before else "resource")
            edges += [(other, source, True, other.status) for other in before]
            edges.append((source, place, bool(step.get("trigger")), status))
        for step in job["plan"]:
            if "put" in step:
                edges.append((place, node(step.get("resource", step["put"]), column + 1, "resource", fresh=True), True, status))
    for column in {each.column for each in nodes}:
        for row, each in enumerate(each for each in nodes if each.column == column):
            each.row = row
    return nodes, edges


def pipeline_page(pipeline) -> str:
    nodes, edges = graph_of(pipeline)
    size, height, gap = 15, 28, 70
    widths = {column: max(width_of(each.name, size) + 24 for each in nodes if each.column == column)
              for column in sorted({each.column for each in nodes})}
    lefts, at = {}, 40.0
    for column, width in widths.items():
        lefts[column] = at
        at += width + gap
    rows = 1 + max(each.row for each in nodes)
    drawing = Drawing(max(WIDTH, at - gap + 40), TOP + 80 + rows * 56, f"The pipeline {pipeline.name} on Concourse's page")
    top_bar(drawing, "main", pipeline.name)

    def centre(each: Node) -> float:
        of_column = sum(other.column == each.column for other in nodes)
        return TOP + 40 + rows * 28 + (each.row - (of_column - 1) / 2) * 56

    for start, end, triggers, status in edges:
        colour = STATUS.get(status, "#7a7373")
        x, until = lefts[start.column] + widths[start.column], lefts[end.column]
        middle = (x + until) / 2
        dash = "" if triggers else ' stroke-dasharray="5 5"'
        drawing.add(f'<path d="M{x:.0f} {centre(start):.0f}C{middle:.0f} {centre(start):.0f} {middle:.0f} {centre(end):.0f} '
                    f'{until:.0f} {centre(end):.0f}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
    for each in nodes:
        y, fill = centre(each), STATUS.get(each.status, "#9b9b9b") if each.kind == "job" else BLACK
        tall = 44 if each.kind == "job" else height
        drawing.rectangle(lefts[each.column], y - tall / 2, widths[each.column], tall, fill)
        drawing.text(lefts[each.column] + 12, y + 5, each.name, size, "#808080" if each.kind == "constrained" else "#ffffff", BOLD)
    return require_clean(drawing.document())


# The versions of a resource


def resource_page(pipeline, name: str, versions: int = 3) -> str:
    history = pipeline.resource(name).history.versions[::-1][:versions]
    newest = history[0]
    size, row = 12, 18
    facts = [(key, line) for key, value in newest.facts.items() for line in _lines(words(value), 73)]
    height = TOP + 60 + 96 + 36 * (len(history) - 1) + row * len(facts) + 90
    drawing = Drawing(WIDTH, height, f"The versions of the resource {name} on Concourse's page")
    top_bar(drawing, "main", pipeline.name, name)
    drawing.rectangle(0, TOP, WIDTH, 60, "#2a2929")
    drawing.text(18, TOP + 37, name, 22, TEXT, BOLD)
    y = TOP + 76
    drawing.rectangle(10, y, WIDTH - 20, 28, FRAME)
    drawing.text(20, y + 19, "checked successfully", 12, TEXT)
    y += 52
    for saved in history:
        drawing.rectangle(10, y, 25, 26, FRAME)
        drawing.add(f'<path d="M16 {y + 13}l5 5 9-10" fill="none" stroke="{TEXT}" stroke-width="2"/>')
        drawing.rectangle(40, y, WIDTH - 50, 26, FRAME)
        x = 52.0
        for key, value in sorted(saved.version.items()):
            drawing.text(x, y + 17, key, size, PALE, BOLD)
            drawing.text(x + width_of(key, size) + 10, y + 17, words(value), size, TEXT, BOLD)
            x += width_of(key + words(value), size) + 40
        y += 36
        if saved is newest:
            y = _body_of(drawing, pipeline, name, saved, facts, y - 10, size, row)
    return require_clean(drawing.document())


def _body_of(drawing: Drawing, pipeline, name: str, saved, facts: list, y: float, size: int, row: int) -> float:
    drawing.rectangle(10, y, WIDTH - 20, 44 + row * len(facts), BACKGROUND)
    for x, title in ((20, "inputs to"), (160, "outputs of"), (310, "metadata")):
        drawing.text(x, y + 22, title, size, TEXT, BOLD)
    for x, jobs in ((20, _jobs(pipeline, name, saved.version, "get")), (160, _jobs(pipeline, name, saved.version, "put"))):
        for index, job in enumerate(jobs):
            drawing.text(x, y + 44 + row * index, job, size, TEXT)
    before = ""
    for index, (key, line) in enumerate(facts):
        if key != before:
            drawing.text(310, y + 44 + row * index, key, size, PALE, BOLD)
        drawing.text(450, y + 44 + row * index, line, size, TEXT)
        before = key
    return y + 44 + row * len(facts) + 14


def _jobs(pipeline, name: str, version: dict, kind: str) -> list[str]:
    found = []
    for job in pipeline.config["jobs"]:
        for build in pipeline.builds(job["name"]):
            got = version in build.inputs.values() if kind == "get" else (name, version) in build.outputs
            if got:
                found.append(f"{job['name']} #{build.number}")
    return found


def _lines(text: str, columns: int) -> list[str]:
    return [part[start:start + columns] for part in text.splitlines() for start in range(0, max(1, len(part)), columns)]


# A build


def build_page(pipeline, job: str, number: int, opened: str, times: dict[str, list[float]]) -> str:
    """`opened` is the step whose log is shown; `times` are when the lines of each step came, by kind and name."""
    build = next(each for each in pipeline.builds(job) if each.number == number)
    columns = int((WIDTH - 130) / (13 * CELL))
    put = build.step(opened, "put")
    facts = [(fact["name"], words(fact["value"])) for fact in put.metadata]
    logged = [wrapped(lines_of(words(line))[0], columns) for line in put.log.splitlines()]
    tall = sum(len(rows) for rows in logged) * 18 + len(facts) * 30 + 30
    drawing = Drawing(WIDTH, TOP + 64 + 34 + 20 + 44 * len(build.steps) + tall + 20, f"A build on Concourse's page: {job} #{number}")
    top_bar(drawing, "main", pipeline.name, job)
    colour = STATUS.get(build.status, "#9b9b9b")
    drawing.rectangle(0, TOP, WIDTH, 64, colour)
    drawing.text(18, TOP + 40, f"{job} #{number}", 24, "#ffffff", BOLD)
    took = sum(step.seconds for step in build.steps)
    drawing.text(WIDTH - 190, TOP + 38, f"duration   {max(1, round(took))}s", 13, "#ffffff", BOLD)
    drawing.rectangle(0, TOP + 64, WIDTH, 34, BLACK)
    for index, other in enumerate(reversed(pipeline.builds(job))):
        drawing.rectangle(index * 46, TOP + 64, 44, 34, STATUS.get(other.status, "#9b9b9b"), "" if other is build else 'opacity="0.6"')
        drawing.text(index * 46 + 16, TOP + 87, str(other.number), 16, "#ffffff", BOLD)
    y = TOP + 64 + 34 + 16
    for step in build.steps:
        _step_header(drawing, step, y)
        y += 36
        if step is put:
            y = _step_body(drawing, facts, logged, times[f"{step.kind} {step.name}"], y)
        y += 8
    return require_clean(drawing.document())


def _step_header(drawing: Drawing, step, y: float) -> None:
    drawing.rectangle(12, y, WIDTH - 24, 36, BLACK)
    drawing.text(28, y + 23, f"{step.kind}:", 14, PALE, BOLD)
    drawing.text(28 + width_of(step.kind + ":  ", 14), y + 23, step.name, 14, TEXT, BOLD)
    version = "  ".join(f"{key} {words(value)}" for key, value in sorted((step.version or {}).items()))
    drawing.text(WIDTH - 60 - width_of(version, 12), y + 23, version, 12, TEXT)
    x, fine = WIDTH - 36, not step.status
    mark = f"M{x - 6} {y + 18}l4 5 8-10" if fine else f"M{x - 5} {y + 13}l10 10m0-10l-10 10"
    drawing.add(f'<path d="{mark}" fill="none" stroke="{GREEN if fine else RED}" stroke-width="2.5"/>')


def _step_body(drawing: Drawing, facts: list, logged: list, times: list[float], y: float) -> float:
    tall = sum(len(rows) for rows in logged) * 18 + len(facts) * 30 + 28
    drawing.rectangle(12, y, WIDTH - 24, tall, BACKGROUND)
    y += 8
    names = max((width_of(name, 12) for name, _ in facts), default=0) + 16
    values = max((width_of(value, 12) for _, value in facts), default=0) + 16
    for name, value in facts:
        drawing.rectangle(20, y, names, 29, KEY)
        drawing.rectangle(20 + names, y, values, 29, DARK)
        drawing.text(28, y + 19, name, 12, TEXT)
        underlined = 'text-decoration="underline"' if value.startswith("http") else ""
        drawing.text(28 + names, y + 19, value, 12, TEXT, underlined)
        y += 30
    y += 16
    for index, rows in enumerate(logged):
        at = times[min(index, len(times) - 1)]
        drawing.text(20, y, time.strftime("%H:%M:%S", time.gmtime(at)), 13, "#7a7373")
        for row in rows:
            drawing.text(106, y, row, 13, TEXT)
            y += 18
    return y + 4

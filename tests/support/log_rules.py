"""What every log of a resource's step keeps to, so that a person finds in it what they need at three in the morning.

Each run of a program in the tests is held against these rules (support/program.py, support/concourse).
"""

import re

from support.ansi import LEAST_CONTRAST, lines_of

HEADING = "===> "
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def faults_of(status: int, log: str) -> list[str]:
    """What breaks a rule; `status` is the exit status, negative for a signal that ended the program."""
    lines = COLOUR.sub("", log).splitlines()
    faults = []
    if status > 0 and not (lines and lines[-1].startswith("error: ")):
        faults.append(f"the step failed, and its last line is not the error: {lines[-1] if lines else '(no line)'!r}")
    if status == 0 and any(line.startswith("error: ") for line in lines[-1:]):
        faults.append(f"the step succeeded, and its last line is an error: {lines[-1]!r}")
    if status >= 0:
        following = [*lines[1:], HEADING]
        faults += [f"nothing stands below the heading {line!r}" for line, next_line in zip(lines, following)
                   if line.startswith(HEADING) and next_line.startswith(HEADING)]
    return faults


def require_readable(program: str, status: int, log: str) -> None:
    faults = faults_of(status, log)
    assert not faults, f"the log of {program} (exit status {status}): {'; '.join(faults)}\n{log}"


def pale_texts(log: str) -> list[str]:
    """The texts whose colour is hard to read on Concourse's page."""
    return [span.text for line in lines_of(log) for span in line if span.text.strip() and span.style.contrast < LEAST_CONTRAST]


def summary_of(log: str) -> str:
    """The last line of a step that did something, without its colour."""
    return COLOUR.sub("", log.splitlines()[-1])


def is_one_sentence(text: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9].*[^.!]", text)) and ". " not in text and len(text) < 240

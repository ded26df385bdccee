"""The pictures of the pages are what scripts/picture draws, and a description that is not understood is an error."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import xml.etree.ElementTree

import pytest

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
LOADER = importlib.machinery.SourceFileLoader("picture", str(PROJECT / "scripts/picture"))
PICTURE = importlib.util.module_from_spec(importlib.util.spec_from_loader("picture", LOADER))
LOADER.exec_module(PICTURE)


def test_the_pictures_are_what_the_script_draws():
    done = subprocess.run([PROJECT / "scripts/picture", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def luminance(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(weight * (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4)
               for weight, part in zip((0.2126, 0.7152, 0.0722), parts))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme, page", [("light", "#ffffff"), ("dark", "#0d1117")])
def test_words_can_be_read_on_boxes_and_on_the_page(scheme, page):
    """WCAG 2.1, 1.4.3: at least 4.5 to 1."""
    colours = PICTURE.SCHEMES[scheme]
    for ink, ground in [("text", "ground"), ("soft", "ground"), ("text", "own")]:
        assert contrast(colours[ink], colours[ground]) >= 4.5
    assert contrast(colours["soft"], page) >= 4.5


def test_a_picture_fits_a_page_and_its_boxes_keep_apart():
    picture = PICTURE.read((PROJECT / "docs/pictures/story.txt").read_text())
    assert picture.width <= 900  # a page of GitHub shows about 850 without shrinking
    boxes = list(picture.boxes.values())
    for number, one in enumerate(boxes):
        for other in boxes[number + 1:]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y
    for scheme in PICTURE.SCHEMES:
        xml.etree.ElementTree.fromstring(PICTURE.draw(picture, scheme))


def test_a_line_that_is_not_understood_is_an_error():
    with pytest.raises(SystemExit, match="line 2 is neither"):
        PICTURE.read("box a 1 1: A\narrow a b: to nowhere\n")

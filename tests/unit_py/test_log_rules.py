"""The rules for logs find what breaks them, and the colours of the log's own lines can be read."""

import pytest

from support import log_rules
from support.ansi import PALETTE, contrast, lines_of

ERROR = "error: cannot read source: it is empty"


def test_a_failed_step_ends_with_its_error():
    assert log_rules.faults_of(1, f"reading\n\x1b[33m{ERROR}\x1b[0m\n") == []
    assert log_rules.faults_of(1, f"{ERROR}\nand more\n") and log_rules.faults_of(1, "")
    assert log_rules.faults_of(0, f"{ERROR}\n")
    assert log_rules.faults_of(-9, "===> BUILDING\n") == []


@pytest.mark.parametrize("log", ["===> DETECTING\n===> BUILDING\nbuilt\n", "built\n===> EXPORTING\n"])
def test_a_phase_without_content_is_found(log):
    assert len(log_rules.faults_of(0, log)) == 1


def test_a_sentence_is_one_line_without_a_full_stop():
    assert log_rules.is_one_sentence("pushed r/app@sha256:0123: image build #2, built for COMMIT, in 4.2 s")
    assert not log_rules.is_one_sentence("Pushed.") and not log_rules.is_one_sentence("pushed it. It took long")


def test_colours_are_told_apart_by_their_contrast_on_the_page():
    assert log_rules.pale_texts("\x1b[31mred\x1b[0m \x1b[34mblue\x1b[0m \x1b[2mfaint\x1b[0m") == ["red", "blue", "faint"]
    assert log_rules.pale_texts("\x1b[32mgreen\x1b[0m \x1b[1;33myellow\x1b[0m \x1b[36mcyan\x1b[0m plain") == []
    assert contrast("#ffffff", "#000000") == pytest.approx(21) and len(PALETTE) == 8


def test_a_line_that_is_drawn_anew_shows_what_was_drawn_last():
    assert "".join(span.text for span in lines_of("10 %\r100 %\x1b[K")[0]) == "100 %"

"""Verdicts as continuous integration reads them."""

from __future__ import annotations

from xml.etree import ElementTree

from engage.simulation.junit import junit
from engage.simulation.rehearsing import Verdict


def test_a_failure_has_its_first_complaint_as_its_message_and_all_of_them_as_its_text() -> None:
    verdicts = [Verdict(name="good"), Verdict(name="bad", complaints=("tests/bad.yaml:3:5: <no>\n  such", "touch \x00 & more"))]
    suite = ElementTree.fromstring(junit(verdicts))  # what was written two lines above
    assert suite.attrib == {"name": "engage", "tests": "2", "failures": "1"}
    good, bad = suite
    assert (good.attrib["name"], good.attrib["file"], len(good)) == ("good", "tests/good.yaml", 0)
    assert bad[0].attrib["message"] == "tests/bad.yaml:3:5: <no>"
    assert bad[0].text == "tests/bad.yaml:3:5: <no>\n  such\ntouch � & more"

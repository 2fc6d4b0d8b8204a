"""Verdicts -> JUnit XML, as continuous integration reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from engage.simulation.rehearsing import Verdict

_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What may stand in no XML, however it is escaped (XML 1.0, production 2)."""


def junit(verdicts: Sequence[Verdict]) -> str:
    """One suite; a failure's message is its first complaint, its text has all of them."""
    failed = sum(not verdict.passed for verdict in verdicts)
    suite = ElementTree.Element("testsuite", name="engage", tests=str(len(verdicts)), failures=str(failed))
    for verdict in verdicts:
        case = ElementTree.SubElement(suite, "testcase", name=verdict.name, classname="tests", file=f"tests/{verdict.name}.yaml")
        if not verdict.passed:
            message = _clean(verdict.complaints[0].splitlines()[0])
            ElementTree.SubElement(case, "failure", message=message).text = _clean("\n".join(verdict.complaints))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)

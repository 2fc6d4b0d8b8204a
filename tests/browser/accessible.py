"""What axe-core finds wrong with a page: WCAG 2.2 at its levels A and AA, and its best practices."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_RUN = """async () => {
  const found = await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']});
  return {
    passed: found.passes.length,
    violations: found.violations.map(one => `${one.id}: ${one.help} (${one.nodes.map(node => node.html.slice(0, 120)).join(' | ')})`),
  };
}"""


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, with where; a page of which no rule says anything was not looked at."""
    page.evaluate(_axe())
    found = page.evaluate(_RUN)
    assert found["passed"] > 5, "axe looked at nothing"
    return list(found["violations"])


@cache
def _axe() -> str:
    """The program; a page's own policy shuts out scripts, but for those that the browser itself is told to run."""
    return (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")

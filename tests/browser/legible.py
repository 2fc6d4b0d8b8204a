"""What makes a page legible and usable, measured in the page as the browser laid it out."""

from __future__ import annotations

from playwright.sync_api import Frame, Page

CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: text against what is behind it."""

TARGET = 24
"""WCAG 2.2, 2.5.8: pixels of height of what is pressed."""

_WORDS = """() => {
  const channel = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgba = css => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1);
                        return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 255] : [255, 255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility({opacityProperty: true}) || element.closest('option')) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push({text: walk.currentNode.data.trim().slice(0, 40), contrast, size: parseFloat(getComputedStyle(element).fontSize)});
  }
  return found;
}"""


def faults(page: Page | Frame) -> list[str]:
    """Why somebody would have trouble with the page; nothing where nobody would."""
    width, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    found = [f"{width} px wide in a window of {room}"] if width > room else []
    words = page.evaluate(_WORDS)
    assert words, "the page says nothing at all"
    found += [f"{each['text']!r} has a contrast of {each['contrast']:.1f}" for each in words if each["contrast"] < CONTRAST]
    found += [f"{each['text']!r} is {each['size']} px small" for each in words if each["size"] < 12]
    if not page.evaluate("document.documentElement.lang"):
        found.append("it does not say its language")
    return found + [f"{name!r} is {height:.0f} px high" for name, height in _pressed(page) if height < TARGET]


def _pressed(page: Page | Frame) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden]), select')]"
        ".map(each => [each.innerText || each.name, each.getBoundingClientRect().height])"
    )
    return found

"""Makes docs/pictures of a week of the demo: `python -m tools.make_pictures`. Takes a minute or two, and needs Chromium.

They look best with good fonts: apt install fonts-noto-core fonts-noto-color-emoji.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import FloatRect, Page
from rich.console import Console
from rich.text import Text

from engage.model.localtime import use_pinned_zone_data
from tools.chromium import chromium
from workers.demo.catchers import Caught, Tray
from workers.demo.inbox import create_inbox
from workers.demo.playing import END, START, company_at_work
from workers.monitoring.logs import configure_logging
from workers.office import OnDisk
from workers.processes import WebPart

TARGET = Path("docs/pictures")
COLUMNS = 126

WEEK = re.compile(r".*The week from|UTC +their own time")
STRETCHES = (WEEK, re.compile("Wed 25 Feb [01]"), re.compile("Sat 28 Feb 0"), re.compile("sent by|messages in"))
"""The lines that are in the picture of the terminal: questions put off for the night; those born on 29 February; what it came to."""

FONTS_FROM_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Rich's picture fetches its font from another host; whoever looks at ours tells nobody."""

MAILS = {"birthday": "Vse najboljše", "arabic": "عيد ميلاد"}
"""Of which mail there is a picture, by how its subject begins."""


PAGES = {"preferences": ("Vse najboljše", "p"), "answer": ("كيف كانت خدمتنا؟", "a")}
"""Of which page there is a picture: how the subject of the mail begins, and the kind of its link."""


def main() -> None:
    """Write them all."""
    use_pinned_zone_data()
    configure_logging(level=logging.WARNING)
    TARGET.mkdir(parents=True, exist_ok=True)
    tray, console = Tray(), _recorder()
    with company_at_work(lambda root, environment: OnDisk(root, environment).wire(), tray=tray, console=console) as company:
        company.play(START, END)
        company.sum_up(messages=len(tray.all()))
        _take_public_pages(tray.all())
    (TARGET / "terminal.svg").write_text(_terminal(console.export_text(styles=True).splitlines()), encoding="utf-8")
    _take_pages(tray.all())


def _recorder() -> Console:
    return Console(record=True, force_terminal=True, width=COLUMNS, highlight=False, file=io.StringIO())


def _terminal(lines: Sequence[str]) -> str:
    picture = _recorder()
    for line in _excerpt([Text.from_ansi(line) for line in lines]):
        picture.print(line, no_wrap=True, crop=True)
    return FONTS_FROM_ELSEWHERE.sub("", picture.export_svg(title="make demo"))


def _excerpt(lines: Sequence[Text]) -> Iterator[Text]:
    """The stretches, with a mark where something was left out."""
    for number, stretch in enumerate(STRETCHES):
        if number > 1:
            yield Text("⋮")
        yield from (line for line in lines if stretch.match(line.plain))


def _take_pages(messages: Sequence[Caught]) -> None:
    with _inbox(messages) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1040, "height": 800})
        page.goto(address)
        page.screenshot(path=TARGET / "inbox.png")
        page.set_viewport_size({"width": 634, "height": 1200})
        for name, subject in MAILS.items():
            number = next(number for number, each in enumerate(messages) if (each.subject or "").startswith(subject))
            page.goto(f"{address}/m/{number}")
            page.screenshot(path=TARGET / f"{name}.png", clip=_mail(page))


def _mail(page: Page) -> FloatRect:
    """Where on the page the mail itself is, which MJML marks as an article."""
    box = page.frame_locator("iframe").get_by_role("article").bounding_box()
    if box is None:
        raise LookupError("the mail is not shown")
    return box


def _take_public_pages(messages: Sequence[Caught]) -> None:
    """The pages behind links of mails, as the demo's own web serves them, on a phone."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 700})
        for name, (subject, link) in PAGES.items():
            mail = next(each for each in messages if (each.subject or "").startswith(subject))
            page.goto(re.findall(rf"http://127\.0\.0\.1:\d+/{link}/[\w-]+", mail.html or "")[-1])
            page.screenshot(path=TARGET / f"{name}.png", full_page=True)


@contextmanager
def _inbox(messages: Sequence[Caught]) -> Iterator[str]:
    inbox = WebPart(create_inbox(lambda: messages), host="127.0.0.1", port=0)
    inbox.start()
    try:
        yield inbox.address
    finally:
        inbox.stop()


if __name__ == "__main__":
    main()

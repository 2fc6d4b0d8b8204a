"""Every template in every language, before anything is sent: syntax, names, phrases, what may be missing, what the law asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from jinja2 import nodes

from engage.model.contact import ChannelKind
from engage.model.content import Content, EmailContent, SmsContent
from engage.model.delivery import LocaleSource
from engage.model.errors import Place, Problem, RenderError
from engage.model.workspace import Workspace
from engage.templates.catalogue import FORMS, Choice, Parts, kind_of
from engage.templates.email import attached_names
from engage.templates.faults import TemplateFault
from engage.templates.naming import Names, attributes_read, calls, phrase_problems, plural_problems, stray_problems
from engage.templates.purposes import purpose_problems, untranslated
from engage.templates.renderer import MessageTemplate, Templates
from engage.templates.samples import MOMENT, Everywhere, Sample, varied, whole_samples
from engage.templates.signs import unseen_clicks
from engage.templates.sources import decoded, front_matter
from engage.templates.translations import translation_problems
from engage.templates.trying import LINKS, parts_without
from engage.templates.uses import Use, told_apart, uses_of

MAX_SEGMENTS = 10


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`problems` keep a workspace from being accepted; `warnings` are only told. Both in the order of places.

    `workspace` is what they are about; None where it cannot be read at all. `tracked`: opens or clicks of some message are recorded.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    workspace: Workspace | None = None
    tracked: bool = False


def check(workspace: Workspace, *, allow_missing: bool = False) -> tuple[Problem, ...]:
    """What is wrong with the templates; `allow_missing` lets translations lack keys, placeholders and plural forms."""
    return examine(workspace, allow_missing=allow_missing).problems


def examine(workspace: Workspace, *, allow_missing: bool = False) -> Findings:
    """What is wrong with the templates, and what is only worth a word. Renders every message in every language many times."""
    examination = _Examination(workspace, allow_missing=allow_missing)
    problems = set(examination.problems())
    return Findings(
        problems=tuple(sorted(problems)), warnings=tuple(sorted(examination.warnings)), workspace=workspace, tracked=examination.tracked,
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """One message, as its files of one name say it in one language."""

    message: str
    name: str
    kind: ChannelKind
    locale: str
    parts: Parts
    uses: tuple[Use, ...]

    @property
    def file(self) -> str:
        """The file that problems of the whole are told of: the body, where there is one."""
        return next(self.parts[form] for form in FORMS[self.kind] if form in self.parts)


class _Examination:
    def __init__(self, workspace: Workspace, *, allow_missing: bool) -> None:
        self.workspace = workspace
        self.allow_missing = allow_missing
        self.templates = Templates(workspace, secret=b"check")
        self.warnings: set[Problem] = set()
        self.tracked = False
        self._uncounted: set[str] = set()

    def problems(self) -> Iterator[Problem]:
        catalogue, phrases = self.templates.catalogue, self.templates.phrases
        yield from phrases.problems
        if not self.allow_missing:
            yield from translation_problems(phrases)
        yield from purpose_problems(self.workspace, phrases)
        self.warnings.update(untranslated(self.workspace, phrases))
        yield from stray_problems(catalogue, self._attached())
        uses = uses_of(self.workspace)
        yield from self._unwritten(uses)
        for version in self._versions(uses):
            yield from self._of_version(version)
        yield from unseen_clicks(self.workspace, catalogue, self._uncounted)

    def _unwritten(self, uses: Mapping[str, Sequence[Use]]) -> Iterator[Problem]:
        """Messages that a contact may prefer by a channel for which they have no template."""
        for message, sends in uses.items():
            by_name = self.templates.catalogue.messages.get(message, {})
            for use in sends:
                if use.wished and use.place is not None and use.channel not in by_name and use.kind not in by_name:
                    what = f"a contact may prefer {use.channel}, for which {message} has no template (templates/{message}/{use.kind}.*)"
                    yield Problem(place=use.place, what=what)

    def _attached(self) -> Mapping[str, frozenset[str]]:
        """What the front matters of each folder attach; those that cannot be read are told of elsewhere."""
        attached: dict[str, frozenset[str]] = {}
        for by_name in self.templates.catalogue.messages.values():
            for file in {file for languages in by_name.values() for parts in languages.values() for file in parts.values()}:
                folder = file.rpartition("/")[0]
                try:
                    front, _, _ = front_matter(decoded(self.workspace.files[file], file), file)
                except TemplateFault:
                    continue
                attached[folder] = attached.get(folder, frozenset()) | attached_names(front)
        return attached

    def _versions(self, uses: Mapping[str, Sequence[Use]]) -> Iterator[_Version]:
        for message, by_name in self.templates.catalogue.messages.items():
            for name, languages in by_name.items():
                kind = kind_of(self.workspace.settings, name)
                if kind is None:
                    continue
                own = tuple(
                    use for use in uses.get(message, ())
                    if use.channel == name or (use.kind == kind == name and use.channel not in by_name)
                )  # fmt: skip
                for locale, parts in languages.items():
                    yield _Version(message=message, name=name, kind=kind, locale=locale, parts=parts, uses=own)

    def _of_version(self, version: _Version) -> Iterator[Problem]:
        if not self.allow_missing:
            yield from self._lesser(version)
        choice = Choice(locale=version.locale, source=self._source(version), parts=version.parts)
        try:
            template = self.templates.template(version.kind, choice)
        except TemplateFault as fault:
            yield fault.problem
            return
        self._note(version, template)
        trees = [program.tree for program in template.programs]
        named = list(self._names(version, template, trees))
        yield from named
        if not named:
            for use in told_apart(version.uses, attributes_read(trees)):
                yield from self._rendered(version, use, trees)

    def _note(self, version: _Version, template: MessageTemplate) -> None:
        """Whether anything of its readers is recorded; staff are not."""
        tracking = template.tracking
        self.tracked |= (tracking.opens or tracking.clicks) and not (version.uses and all(use.to_staff for use in version.uses))
        if not tracking.clicks:
            self._uncounted.update(version.parts.values())

    def _source(self, version: _Version) -> LocaleSource:
        return LocaleSource.DEFAULT if version.locale == self.templates.catalogue.default else LocaleSource.CONTACT

    def _lesser(self, version: _Version) -> Iterator[Problem]:
        """A language that has a text part where the workspace's has a page."""
        catalogue = self.templates.catalogue
        original = catalogue.messages[version.message][version.name].get(catalogue.default)
        if original is None and version.uses:
            yield Problem(place=Place(file=version.file), what=f"the message is not there in {catalogue.default}, the workspace's language")
        if original is not None and version.kind is ChannelKind.EMAIL and set(version.parts) == {"txt"} < set(original):
            yield Problem(place=Place(file=version.file), what=f"{version.locale} has the text part alone, {catalogue.default} a page too")

    def _names(self, version: _Version, template: MessageTemplate, trees: Sequence[nodes.Template]) -> Iterator[Problem]:
        names = Names(self.workspace, self.templates.reading, version.uses)
        for program, tree in zip(template.programs, trees, strict=True):
            yield from names.problems(program, tree)
            yield from phrase_problems(program, tree, self.templates.phrases, version.locale)
            if not self.allow_missing:
                yield from plural_problems(program, tree, version.locale)

    def _rendered(self, version: _Version, use: Use, trees: Sequence[nodes.Template]) -> Iterator[Problem]:
        kinds = self.templates.reading.contact_kinds
        sample, content, fault = self._first(version, use, trees)
        if sample is None or content is None:
            if fault is not None:
                yield _problem(fault, version)
            return
        yield from self._asked_by_law(version, use, content)
        asks = calls(trees, "in_segment")
        for other in varied(sample, use, kinds, read=attributes_read(trees), asks_segments=asks):
            try:
                self._warn(version, self._render(version, use, other))
            except RenderError as error:
                yield _problem(error, version, other.missing)

    def _first(
        self, version: _Version, use: Use, trees: Sequence[nodes.Template],
    ) -> tuple[Sample | None, Content | None, RenderError | None]:
        """The first whole reader for whom it can be rendered; else what went wrong with the first of all."""
        fault: RenderError | None = None
        for sample in whole_samples(use, self.templates.reading.contact_kinds, trees):
            try:
                content = self._render(version, use, sample)
            except RenderError as error:
                fault = fault or error
                continue
            self._warn(version, content)
            return sample, content, None
        return None, None, fault

    def _render(self, version: _Version, use: Use, sample: Sample) -> Content:
        return self.templates.render_for(
            version.message, channel_kind=version.kind, channel_name=use.channel, contact=sample.contact, trigger=sample.trigger,
            values=sample.values, now=MOMENT, purpose=use.purpose, links=LINKS, locale=version.locale,
            campaign=use.campaign.name if use.campaign is not None else None, lookup=Everywhere(member=sample.in_segments),
        ).content  # fmt: skip

    def _asked_by_law(self, version: _Version, use: Use, content: Content) -> Iterator[Problem]:
        purpose = self.workspace.settings.purposes.get(use.purpose)
        if not isinstance(content, EmailContent) or purpose is None or purpose.is_transactional(ChannelKind.EMAIL) or use.to_staff:
            return
        address = (purpose.company or self.workspace.settings.company).address
        if " ".join(address.split()) not in " ".join(content.text.split()):
            what = f"a mail for {purpose.name} is promotional: the law asks for the postal address in it, {{{{ company.address }}}}"
            self.warnings.add(Problem(place=Place(file=version.parts.get("txt", version.file)), what=what))
        for what in parts_without(LINKS.unsubscribe, content):
            yield Problem(
                place=Place(file=version.parts.get("txt", version.file) if what else version.file),
                what=f"a mail for {purpose.name} is promotional: it{what} needs a link to {{{{ message.unsubscribe_url }}}}",
            )

    def _warn(self, version: _Version, content: Content) -> None:
        if isinstance(content, SmsContent) and content.segments > MAX_SEGMENTS:
            what = f"this text takes more than {MAX_SEGMENTS} segments, each of which is paid"
            self.warnings.add(Problem(place=Place(file=version.file), what=what))


def _problem(error: RenderError, version: _Version, missing: str | None = None) -> Problem:
    problem = error.problem if isinstance(error, TemplateFault) else Problem(place=Place(file=version.file), what=str(error))
    if missing is None:
        return problem
    what = f"contact.{missing} may be missing, and then this cannot be rendered; give it a default: contact.{missing} | default('…')"
    return Problem(place=problem.place, what=what)

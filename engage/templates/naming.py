"""Finds in a compiled template what can be wrong without rendering it: names, fields, phrases, plural forms; in every branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from engage.model.errors import Problem, nearest
from engage.model.workspace import Workspace
from engage.templates.catalogue import Catalogue
from engage.templates.faults import Unprintable
from engage.templates.locales import plural_categories
from engage.templates.phrases import Phrasebook
from engage.templates.programs import Program
from engage.templates.reading import ALWAYS, LINKS, Reading
from engage.templates.uses import Use, attribute_of


class Names:
    """What may be named in one message: in every one of its uses."""

    def __init__(self, workspace: Workspace, reading: Reading, uses: Sequence[Use]) -> None:
        self._uses = uses
        self._fields: dict[str, frozenset[str]] = {
            "contact": frozenset(reading.contact_kinds),
            "company": frozenset({"name", "address"}),
            "message": LINKS,
            "data": frozenset(workspace.data),
        }

    def problems(self, program: Program, tree: nodes.Template) -> Iterator[Problem]:
        """Names and fields that are not there."""
        undeclared, named = find_undeclared_variables(tree), list(tree.find_all(nodes.Name))
        for use in self._uses:
            known = ALWAYS | use.names | program.template.environment.globals.keys()
            unknown = undeclared - known
            for name in named if unknown else ():
                if name.name in unknown:
                    yield _problem(program, name, f"{name.name!r} is not given here{_where(use)}", name.name, known)
        read = [(each.node.name, each) for each in tree.find_all(nodes.Getattr) if isinstance(each.node, nodes.Name)]
        everyones: tuple[Use | None, ...] = tuple(self._uses) or (None,)
        for each in everyones:
            fields = {**self._fields, **_fields(each)}
            for root, field in read:
                if root in fields and field.attr not in fields[root]:
                    what = f"{root} has no {field.attr!r}{_where(each) if root not in self._fields else ''}"
                    yield _problem(program, field, what, field.attr, fields[root])


def attributes_read(trees: Sequence[nodes.Template]) -> frozenset[str]:
    """The contact's attributes that these templates name."""
    return frozenset(name for tree in trees for node in tree.find_all(nodes.Getattr) if (name := attribute_of(node)) is not None)


def calls(trees: Sequence[nodes.Template], function: str) -> bool:
    """Whether any of the templates calls the function."""
    return any(_called(call) == function for tree in trees for call in tree.find_all(nodes.Call))


def phrase_problems(program: Program, tree: nodes.Template, phrases: Phrasebook, locale: str) -> Iterator[Problem]:
    """Calls of `t` whose phrase is not there, or asks for a value that is not handed over."""
    for call in tree.find_all(nodes.Call):
        if _called(call) != "t" or not call.args or not isinstance(call.args[0], nodes.Const):
            continue
        key = str(call.args[0].value)
        try:
            phrase = phrases.find(key, locale)
        except Unprintable as error:
            yield Problem(place=program.lines.place(call.lineno, f"'{key}'"), what=str(error))
            continue
        if call.dyn_kwargs is not None:
            continue
        given = {keyword.key for keyword in call.kwargs} | ({"n"} if len(call.args) > 1 else set())
        wanted = phrase.placeholders | ({"n"} if phrase.plural else set())
        for name in sorted(wanted - given):
            what = f"the phrase '{key}' ({phrase.place}) asks for {name}: hand it over as {name}=…"
            yield Problem(place=program.lines.place(call.lineno, f"'{key}'"), what=what)


def plural_problems(program: Program, tree: nodes.Template, locale: str) -> Iterator[Problem]:
    """Calls of `plural` that lack a form of the language."""
    for call in tree.find_all(nodes.Call):
        if _called(call) != "plural" or call.dyn_kwargs is not None:
            continue
        missing = [form for form in plural_categories(locale) if form not in {keyword.key for keyword in call.kwargs}]
        if missing:
            what = f"{locale} needs the plural form {', '.join(missing)} too"
            yield Problem(place=program.lines.place(call.lineno, "'plural'"), what=what)


def stray_problems(catalogue: Catalogue, attached: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Files of message folders that belong to no channel and that no front matter attaches."""
    for problem in catalogue.strays:
        folder, _, name = problem.place.file.rpartition("/")
        if name not in attached.get(folder, frozenset()):
            yield problem


def _fields(use: Use | None) -> Mapping[str, frozenset[str]]:
    if use is None:
        return {}
    trigger = {"trigger": frozenset(use.trigger)} if use.trigger is not None else {}
    return {**trigger, **{name: frozenset(kinds) for name, kinds in use.events.items()}}


def _where(use: Use | None) -> str:
    return f" in campaign {use.campaign.name}" if use is not None and use.campaign is not None else ""


def _called(call: nodes.Call) -> str:
    return call.node.name if isinstance(call.node, nodes.Name) else ""


def _problem(program: Program, node: nodes.Node, what: str, name: str, known: frozenset[str]) -> Problem:
    return Problem(place=program.lines.place(node.lineno, f"'{name}'"), what=what, suggestion=nearest(name, known))

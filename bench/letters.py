"""Letters to measure with: a personal offer of 3 KB in six languages, and made-up people who read it."""

from __future__ import annotations

import random  # noqa: TID251  # made-up people: the seed makes them the same everywhere
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from engage.model.contact import ChannelKind, Contact, Money
from engage.model.delivery import Approved, Cleared, Intent, Rendered
from engage.model.time import Zones, ZoneSource
from engage.model.workspace import Workspace
from engage.rules.checking import check

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MESSAGE, CAMPAIGN, PURPOSE = "offer", "offer", "marketing"
LOCALES = {"en": "Hello", "sl": "Pozdravljeni", "uk": "Вітаємо", "lv": "Labdien", "fil": "Kumusta", "uz": "Assalomu alaykum"}
_FORMS = {"en": "one other", "sl": "one two few other", "uk": "one few many other", "lv": "zero one other", "fil": "one other",
          "uz": "one other"}
_FIRST = ("Ana", "Олена", "O'Brien", "Žiga", "Zoë", "Nilufar", "Maria Clara", "Jānis", "Tom & Jo", "Дмитро")
_LAST = ("Novak", "Шевченко", "Bērziņš", "de la Cruz", "Karimov", "Smith")

SETTINGS = """\
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com
timezone: Europe/Ljubljana
attributes: {birth_date: date, customer_since: date, plan: text, points: number, lifetime_value: money}
purposes: {marketing: {title: Offers and news, consent: opt_in}}
channels:
  email: {adapter: console, kind: email, from: "Aurora Outfitters <hello@aurora.example>"}
"""
RULE = "title: Offer\npurpose: marketing\nstatus: live\ntrigger: {manual: true}\nsend: offer\nchannels: [email]\n"
GIFTS = "country,amount,currency\nSI,10,EUR\nUA,400,UAH\nLV,10,EUR\nPH,500,PHP\nUZ,120000,UZS\nother,10,EUR\n"
ROWS = "".join(
    f"""
    <tr>
      <td><strong>{{{{ trigger.first_{row} }}}}</strong></td>
      <td align="right">{{{{ {row * 39.5} | money('EUR') }}}}</td>
    </tr>"""
    for row in range(1, 4)
)
PAGE = f"""\
---
subject: "{{{{ t('hello', name=contact.first_name) }}}} {{{{ t('points', n=contact.points) }}}}"
preheader: "{{{{ t('because', company=company.name) }}}}"
---
<!doctype html>
<html>
<head>
  <meta charset="utf-8">
  <title>{{{{ company.name }}}}</title>
</head>
<body style="margin: 0; background: #eef2f0; font-family: Helvetica, Arial, sans-serif; color: #22302b">
  <div style="max-width: 600px; margin: 0 auto; background: #0b6e63; color: #ffffff; padding: 22px 28px">{{{{ company.name }}}}</div>
  <div style="max-width: 600px; margin: 0 auto; background: #ffffff; padding: 28px; font-size: 16px">
    <h1>{{{{ t('hello', name=contact.first_name) }}}}</h1>
    <p>{{{{ t('because', company=company.name) }}}} ({{{{ contact.customer_since | date }}}})</p>
    {{% if contact.plan in ['plus', 'pro'] %}}
    <p>{{{{ t('plan', plan=contact.plan | capitalize, city=contact.city | default('?')) }}}}</p>
    {{% endif %}}
    <p style="font-size: 19px; color: #0b6e63">{{{{ t('points', n=contact.points) }}}}</p>
    <p>{{{{ t('value', value=contact.lifetime_value | money) }}}}</p>
    <table width="100%" cellpadding="6" role="presentation">
      <tbody>{ROWS}
      {{% for tag in contact.tags %}}
      <tr>
        <td>{{{{ loop.index }}}}. <a href="https://aurora.example/guide/{{{{ tag }}}}">{{{{ tag | capitalize }}}}</a></td>
        <td align="right">{{{{ t('trails', n=loop.index * 2) }}}}</td>
      </tr>
      {{% endfor %}}
      </tbody>
    </table>
    <p>{{{{ t('until') }}}} {{{{ today | date('full') }}}}: {{{{ 0.15 | percent }}}}, {{{{ 14 | duration('day') }}}}.</p>
    <p><a href="https://aurora.example/offer?customer={{{{ contact.external_id }}}}" style="background: #0b6e63">{{{{ t('go') }}}}</a></p>
  </div>
  <div style="max-width: 600px; margin: 0 auto; padding: 18px 28px; font-size: 13px; color: #52645d">
    {{{{ company.name }}}}, {{{{ company.address }}}}<br>
    <a href="{{{{ message.unsubscribe_url }}}}" style="color: #0b6e63">{{{{ t('unsubscribe') }}}}</a> ·
    <a href="{{{{ message.preferences_url }}}}" style="color: #0b6e63">{{{{ t('preferences') }}}}</a> ·
    <a href="{{{{ message.view_in_browser_url }}}}" style="color: #0b6e63">{{{{ t('view') }}}}</a>
  </div>
</body>
</html>
"""
TEXT = """\
{{ t('hello', name=contact.first_name) }}

{{ t('because', company=company.name) }} ({{ contact.customer_since | date }})
{{ t('points', n=contact.points) }}
{% for tag in contact.tags %}
- {{ tag | capitalize }}
{% endfor %}

{{ t('go') }}: https://aurora.example/offer?customer={{ contact.external_id }}

{{ company.name }}, {{ company.address }}
{{ t('unsubscribe') }}: {{ message.unsubscribe_url }}
"""


def workspace() -> Workspace:
    """The company with its one offer."""
    files = {"engage.yaml": SETTINGS, "campaigns/offer.yaml": RULE, "data/gifts.csv": GIFTS}
    for locale, hello in LOCALES.items():
        suffix = "" if locale == "en" else f".{locale}"
        files[f"templates/offer/email{suffix}.html"] = PAGE
        files[f"templates/offer/email{suffix}.txt"] = TEXT
        files[f"locales/{locale}.yaml"] = _phrases(locale, hello)
    checked = check({name: text.encode() for name, text in files.items()}, {})
    if checked.workspace is None:
        raise SystemExit("\n".join(map(str, checked.problems)))
    return checked.workspace


def approvals(count: int, *, seed: int = 7) -> list[Approved]:
    """So many people, each in one of the languages, with the offer approved for them."""
    dice = random.Random(seed)  # noqa: S311  # made-up people
    return [_approved(number, contact) for number, contact in enumerate(_people(dice, count), start=1)]


def cleared(rendered: Rendered) -> Cleared:
    """As the conductor clears it."""
    key = f"d{rendered.approved.intent.id}.abc"
    return Cleared(rendered=rendered, message_id=f"<{key}@aurora.example>", idempotency_key=key, promotional=True)


def _people(dice: random.Random, count: int) -> Iterator[Contact]:
    for number in range(1, count + 1):
        attributes = {
            "external_id": f"c{number}", "first_name": dice.choice(_FIRST), "last_name": dice.choice(_LAST),
            "email": f"reader.{number}@example.com", "locale": dice.choice([*LOCALES]), "country": dice.choice(["SI", "UA", "PH", "UZ"]),
            "city": "Ljubljana", "plan": dice.choice(["free", "plus", "pro"]), "points": dice.randrange(5000),
            "tags": tuple(dice.sample(["ski", "cycling", "climbing", "hiking", "trail running"], 3)),
            "customer_since": date(2015, 1, 1) + timedelta(days=dice.randrange(4000)),
            "lifetime_value": Money(amount=Decimal(dice.randrange(500_000)) / 100, currency=dice.choice(["EUR", "UAH", "PHP", "UZS"])),
        }
        yield Contact(id=number, attributes=attributes, zones=Zones(key="x", names=("Europe/Ljubljana",), source=ZoneSource.CONTACT))


def _approved(number: int, contact: Contact) -> Approved:
    intent = Intent(
        id=number, run_id=number, campaign=CAMPAIGN, version="v1", step="0", message=MESSAGE, purpose=PURPOSE, contact_id=number,
        channels=("email",), intended_at=NOW, due_at=NOW, expires_at=NOW + timedelta(days=7),
        trigger={"first_1": "Alpine <jacket>", "first_2": "Trail shoes", "first_3": "Headlamp"},
    )  # fmt: skip
    return Approved(
        intent=intent, contact=contact, channel="email", kind=ChannelKind.EMAIL, address=str(contact.attributes["email"]), trail=()
    )


def _phrases(locale: str, hello: str) -> str:
    forms = _FORMS[locale].split()
    counted = "".join(f'  {form}: "{{n}} {hello.lower()} ({form})"\n' for form in forms)
    return (
        f'hello: "{hello}, {{name}}!"\nbecause: "{hello}: {{company}}"\nplan: "{hello} {{plan}}, {{city}}"\nvalue: "{hello}: {{value}}"\n'
        f"points:\n{counted}trails:\n{counted}"
        f'until: "{hello} –"\ngo: "{hello} →"\nunsubscribe: "{hello} 1"\npreferences: "{hello} 2"\nview: "{hello} 3"\n'
    )

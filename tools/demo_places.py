"""Where the demo's made-up people live, what they are called there, and numbers nobody should have: the data of make_contacts.

Phone numbers are of ranges kept for fiction where the country has one that libphonenumber takes for valid (+1 xxx 555 01xx in
North America, +49 171 39200 xx in Germany); elsewhere they follow the country's plan, with zeros after the operator's
code. Mail addresses are of example.com, example.org and example.net (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place with `people` inhabitants. `phone` has room for three digits (two in North America); `zone` "" is left out of the file."""

    country: str
    city: str
    zone: str
    locale: str
    names: str
    phone: str
    currency: str
    people: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """First and last names; each may be followed by its Latin spelling after a slash."""

    first: tuple[str, ...]
    last: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES = {
    "sl": Names(
        first=_words("Ana Luka Maja Jakob Eva Nik Zala Filip Nina Žan Sara Matic Lara Tilen Špela Gašper Katja Rok Urška Blaž"),
        last=_words("Novak Horvat Kovačič Krajnc Zupančič Potočnik Kovač Mlakar Kos Vidmar Golob Turk Božič Kralj Korošec Zajc"),
    ),
    "uk": Names(
        first=_words(
            "Олена/Olena Андрій/Andrii Ірина/Iryna Тарас/Taras Оксана/Oksana Богдан/Bohdan Наталія/Nataliia Юрій/Yurii Софія/Sofiia"
            " Дмитро/Dmytro Марія/Mariia Василь/Vasyl Катерина/Kateryna Ярослав/Yaroslav"
        ),
        last=_words(
            "Шевченко/Shevchenko Коваленко/Kovalenko Бондаренко/Bondarenko Ткаченко/Tkachenko Мельник/Melnyk Кравчук/Kravchuk"
            " Лисенко/Lysenko Гончар/Honchar Савчук/Savchuk Руденко/Rudenko"
        ),
    ),
    "uz": Names(
        first=_words("Dilnoza Jasur Malika Sardor Nilufar Bobur Gulnora Otabek Zilola Aziz Shahnoza Temur Kamola Ulugʻbek"),
        last=_words("Karimova Rahimov Yusupova Toshmatov Abdullayev Ismoilova Nazarov Qodirov Ergasheva Mirzayev Saidova"),
    ),
    "uz-Cyrl": Names(
        first=_words("Дилноза/Dilnoza Жасур/Jasur Малика/Malika Сардор/Sardor Нилуфар/Nilufar Отабек/Otabek Зилола/Zilola"),
        last=_words("Каримова/Karimova Раҳимов/Rahimov Юсупова/Yusupova Қодиров/Qodirov Эргашева/Ergasheva Мирзаев/Mirzayev"),
    ),
    "lv": Names(
        first=_words("Jānis Anna Kristaps Līga Mārtiņš Ilze Edgars Zane Andris Elīna Roberts Madara Toms Agnese Rihards Sanita"),
        last=_words("Bērziņš Kalniņa Ozoliņš Jansone Liepiņš Krūmiņa Balodis Eglīte Zariņš Pētersone Vītols Kļaviņa"),
    ),
    "fil": Names(
        first=_words("Maria Jose Angelica Miguel Kristine Paolo Jasmine Carlo Bea Rafael Liza Emmanuel Nicole Joshua Althea Gabriel"),
        last=_words("Santos Reyes Cruz Bautista Ocampo Garcia Mendoza Torres Villanueva Ramos Aquino Castillo Navarro Dizon"),
    ),
    "en": Names(
        first=_words("Emma Liam Olivia Noah Ava James Sophie Jack Mia Henry Grace Oscar Ruby Leo Freya Arthur Isla Theo Moana Tama"),
        last=_words("Smith Jones Taylor Brown Wilson Davies Evans Walker O'Neill Clarke Murphy Campbell Mitchell Young Tere Leota"),
    ),
    "ar": Names(
        first=_words("أحمد/Ahmad فاطمة/Fatima محمد/Mohamed ليلى/Layla يوسف/Yousef مريم/Maryam عمر/Omar نور/Nour خالد/Khalid سارة/Sara"),
        last=_words("حسن/Hassan السيد/Elsayed منصور/Mansour العلي/Alali فاروق/Farouk ناصر/Nasser بناني/Bennani حداد/Haddad"),
    ),
    "de": Names(first=_words("Lena Jonas Mia Paul Hannah Max Jürgen Käthe"), last=_words("Müller Schmidt Weber Großmann Fischer Krüger")),
    "fr": Names(first=_words("Camille Hugo Chloé Jules Léa Loïc"), last=_words("Martin Bernard Lefèvre Moreau Garçon Dubois")),
    "ja": Names(first=_words("陽菜/Hina 蓮/Ren 結衣/Yui 湊/Minato"), last=_words("佐藤/Sato 鈴木/Suzuki 高橋/Takahashi 田中/Tanaka")),
    "pt": Names(first=_words("João Ana Pedro Beatriz Luís Inês"), last=_words("Silva Souza Oliveira Araújo Conceição Lima")),
    "hi": Names(first=_words("Aarav Diya Vihaan Ananya Sita Bikash"), last=_words("Sharma Patel Gurung Thapa Iyer Rai")),
}

_RAW = """
SI | Ljubljana      | Europe/Ljubljana     | sl      | sl      | +38640000{:03d}   | EUR | 34
SI | Maribor        |                      | sl-SI   | sl      | +38641000{:03d}   | EUR | 12
SI | Koper          | Europe/Ljubljana     | sl      | sl      | +38651000{:03d}   | EUR | 10
UA | Київ           | Europe/Kyiv          | uk      | uk      | +380500000{:03d}  | UAH | 30
UA | Львів          |                      | uk-UA   | uk      | +380670000{:03d}  | UAH | 8
UZ | Toshkent       | Asia/Tashkent        | uz      | uz      | +998900000{:03d}  | UZS | 20
UZ | Samarqand      | Asia/Samarkand       | uz-Latn | uz      | +998910000{:03d}  | UZS | 8
UZ | Фарғона        |                      | uz-Cyrl | uz-Cyrl | +998930000{:03d}  | UZS | 9
LV | Rīga           | Europe/Riga          | lv      | lv      | +37120000{:03d}   | EUR | 22
LV | Liepāja        |                      | lv-LV   | lv      | +37126000{:03d}   | EUR | 10
PH | Manila         | Asia/Manila          | fil     | fil     | +639170000{:03d}  | PHP | 24
PH | Cebu           |                      | fil-PH  | fil     | +639180000{:03d}  | PHP | 8
PH | Davao          | Asia/Manila          | en-PH   | fil     | +639190000{:03d}  | PHP | 6
US | New York       | America/New_York     | en-US   | en      | +121255501{:02d}  | USD | 7
US | Chicago        | America/Chicago      | en-US   | en      | +131255501{:02d}  | USD | 4
US | Denver         | America/Denver       | en-US   | en      | +130355501{:02d}  | USD | 3
US | Los Angeles    | America/Los_Angeles  | en-US   | en      | +121355501{:02d}  | USD | 5
US | Phoenix        | America/Phoenix      | en-US   | en      | +160255501{:02d}  | USD | 2
US | Anchorage      | America/Anchorage    | en-US   | en      | +190755501{:02d}  | USD | 2
US | Honolulu       | Pacific/Honolulu     | en-US   | en      | +180855501{:02d}  | USD | 3
US | Springfield    |                      | en-US   | en      | +121755501{:02d}  | USD | 5
CA | St. John's     | America/St_Johns     | en-CA   | en      | +170955501{:02d}  | CAD | 4
CA | Toronto        | America/Toronto      | en-CA   | en      | +141655501{:02d}  | CAD | 3
CA | Vancouver      | America/Vancouver    | en-CA   | en      | +160455501{:02d}  | CAD | 2
GB | London         | Europe/London        | en-GB   | en      | +447400000{:03d}  | GBP | 8
IE | Dublin         | Europe/Dublin        | en-IE   | en      | +353850000{:03d}  | EUR | 3
AU | Sydney         | Australia/Sydney     | en-AU   | en      | +61491570{:03d}   | AUD | 4
AU | Adelaide       | Australia/Adelaide   | en-AU   | en      | +61491571{:03d}   | AUD | 2
AU | Lord Howe      | Australia/Lord_Howe  | en-AU   | en      | +61491572{:03d}   | AUD | 3
NZ | Auckland       | Pacific/Auckland     | en-NZ   | en      | +64210000{:03d}   | NZD | 3
NZ | Waitangi       | Pacific/Chatham      | en-NZ   | en      | +64220000{:03d}   | NZD | 2
KI | Ronton         | Pacific/Kiritimati   | en      | en      | +68672000{:03d}   | AUD | 4
AS | Pago Pago      | Pacific/Pago_Pago    | en      | en      | +16842580{:03d}   | USD | 4
NP | Kathmandu      | Asia/Kathmandu       | en      | hi      | +9779800000{:03d} | NPR | 5
IN | Kolkata        | Asia/Kolkata         | en-IN   | hi      | +919000000{:03d}  | INR | 4
ZA | Johannesburg   | Africa/Johannesburg  | en-ZA   | en      | +27600000{:03d}   | ZAR | 3
EG | القاهرة        | Africa/Cairo         | ar      | ar      | +201000000{:03d}  | EGP | 6
AE | دبي            | Asia/Dubai           | ar-AE   | ar      | +971500000{:03d}  | AED | 5
SA | الرياض         | Asia/Riyadh          | ar      | ar      | +966500000{:03d}  | SAR | 3
MA | الدار البيضاء  | Africa/Casablanca    | ar-MA   | ar      | +212600000{:03d}  | MAD | 3
DE | Berlin         | Europe/Berlin        | de      | de      | +4917139200{:02d}  | EUR | 5
AT | Graz           | Europe/Vienna        | de-AT   | de      | +436640000{:03d}  | EUR | 3
FR | Lyon           | Europe/Paris         | fr      | fr      | +33600000{:03d}   | EUR | 4
JP | 東京           | Asia/Tokyo           | ja      | ja      | +818000000{:03d}  | JPY | 4
BR | São Paulo      | America/Sao_Paulo    | pt-BR   | pt      | +5511900000{:03d} | BRL | 4
"""


def _place(line: str) -> Place:
    country, city, zone, locale, names, phone, currency, people = (cell.strip() for cell in line.split("|"))
    return Place(country=country, city=city, zone=zone, locale=locale, names=names, phone=phone, currency=currency, people=int(people))


PLACES = tuple(_place(line) for line in _RAW.strip().splitlines())

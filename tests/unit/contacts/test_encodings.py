"""The encoding of a text is found out, or asked for: never is a name made rubbish of."""

from __future__ import annotations

import pytest

from engage.contacts.encodings import encoding_of
from engage.model.errors import InputError

SENTENCES = {
    "Turkish": ("cp1254", "Yılmaz;İstanbul\nŞahin;Diyarbakır\nGüneş;Muğla\nÖztürk;Eskişehir\nBarış Çelik;Iğdır"),
    "Turkish prose": ("cp1254", "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler."),
    "Latvian": ("cp1257", "Jānis Bērziņš;Rīga\nKristīne Kalniņa;Jūrmala\nPēteris Ozoliņš;Daugavpils\nĢirts Ķēniņš;Cēsis"),
    "Latvian prose": ("cp1257", "Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā un tiesībās."),
    "Lithuanian": ("cp1257", "Jonas Šimkūnas;Šiauliai\nRūta Žukauskienė;Panevėžys\nGintarė Čepaitė;Kėdainiai\nĄžuolas Ūsas;Mažeikių"),
    "Estonian": ("cp1257", "Tõnu Kõiv;Võru\nÜlle Šmidt;Pärnu\nKülli Žukov;Jõhvi\nTiiu Mäe;Põlva"),
    "Greek": ("cp1253", "Γιώργος Παπαδόπουλος;Αθήνα\nΕλένη Νικολάου;Θεσσαλονίκη\nΔημήτρης Βασιλείου;Πάτρα\nΜαρία;Ηράκλειο"),
    "Greek prose": ("cp1253", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."),
    "Russian": ("cp1251", "Наталья Петрова;Москва\nОлег Сидоров;Тверь\nЮлия Кузнецова;Казань"),
    "Ukrainian": ("cp1251", "Оксана Шевченко;Київ\nІгор Бойко;Львів\nЇжак;Рівне"),
    "Bulgarian capitals": ("cp1251", "ГЕОРГИ ИВАНОВ;СОФИЯ\nМАРИЯ ПЕТРОВА;ВАРНА"),
    "German": ("cp1252", "Jürgen Müller;Köln\nSabine Groß;München\nJörg Schröder;Würzburg"),
    "German of one letter": ("cp1252", "Günter Kühn;Lübeck"),
    "French": ("cp1252", "Zoë Lefèvre;Orléans\nFrançois Benoît;Châlons\nHélène Dûment;Besançon"),
    "Spanish": ("cp1252", "José Muñoz;Málaga\nÁngel Núñez;Cádiz"),
    "Spanish short for María": ("cp1252", "Mª José;Málaga 1º"),
    "Portuguese": ("cp1252", "João Conceição;São Paulo\nInês Simões;Brasília"),
    "Icelandic": ("cp1252", "Guðrún Þórsdóttir;Reykjavík\nSigurður Ægisson;Ísafjörður\nÝmir;Höfn"),
    "Icelandic names": ("cp1252", "Þórður;Guðmundur\nSteinþór;Davíð"),
    "Danish": ("cp1252", "Søren Ægidius;København\nÅse Kjær;Århus"),
    "Finnish": ("cp1252", "Päivi Mäkelä;Jyväskylä\nÅke Öhman;Mänttä"),
    "many languages": ("cp1252", "Jürgen;Köln\nZoë;Orléans\nJoão;São Paulo\nNuñez;Málaga\nÅse;Århus\nÖzil;Gelsenkirchen"),
    "Czech": ("cp1250", "Jiří Novotný;Plzeň\nŽofie Dvořáková;České Budějovice\nLuděk Kůt;Třebíč"),
    "Polish": ("cp1250", "Łukasz Gałązka;Łódź\nMałgorzata Święcicka;Kraków"),
    "Hungarian": ("cp1250", "Szabó Dezső;Győr\nÁrvíztűrő Tükörfúrógép;Pécs"),
    "Slovenian": ("cp1250", "Žiga Šček;Črnomelj\nUroš Čebašek;Škofja Loka"),
    "Romanian": ("cp1250", "Ştefan Bălan;Iaşi\nIoana Ţurcanu;Timişoara"),
}


def written(text: str, encoding: str) -> bytes:
    return f"name;city\n{text}\n".encode(encoding)


@pytest.mark.parametrize(("encoding", "text"), SENTENCES.values(), ids=SENTENCES)
def test_names_and_sentences_are_read_in_the_encoding_in_which_they_are_written(encoding: str, text: str) -> None:
    content = written(text, encoding)
    found, guessed = encoding_of(lambda: [content], file="people.csv")
    assert guessed
    assert content.decode(found) == content.decode(encoding)


@pytest.mark.parametrize(("encoding", "text"), [
    ("cp1253", "ΓΙΩΡΓΟΣ ΠΑΠΑΔΟΠΟΥΛΟΣ;ΑΘΗΝΑ\nΕΛΕΝΗ ΝΙΚΟΛΑΟΥ;ΠΑΤΡΑ"), ("cp1251", "Олег;Ровно"), ("cp1255", "דוד כהן;תל אביב"),
    ("cp1256", "محمد علي;القاهرة"), ("cp874", "สมชาย;กรุงเทพ"),
], ids=["Greek capitals", "two short words", "Hebrew", "Arabic", "Thai"])
def test_where_nobody_can_tell_it_is_asked_for(encoding: str, text: str) -> None:
    with pytest.raises(InputError, match="--encoding names it"):
        encoding_of(lambda: [written(text, encoding)], file="people.csv")

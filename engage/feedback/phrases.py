"""What mail servers say, by what they mean: lower-case phrases of some sixty of them, and of their languages.

Each list was put together from the manuals and sources of the servers, and from bounces that they sent; none of them is long enough to
be worth more than a look through.
"""

from __future__ import annotations

from engage.feedback.searching import AnyOf

FULL = AnyOf(
    "ボックスが一杯", "mailbox full", "mailbox is full", "full mailbox", "mailbox was full", "mail box full", "mailfolder is full",
    "inbox is full", "inbox full", "over quota", "overquota", "over the quota", "over his quota", "over its quota", "over their quota",
    "quota exceeded", "exceeded quota", "quota exceed", "exceeds quota", "exceed quota", "exceeded the quota", "exceeded his quota",
    "exceeded their quota", "exceeding quota", "exceeded his/her quota", "exceeded its quota", "exceeded your quota",
    "exceeding its mailbox quota", "exceeding their quota", "would exceed quota", "quota violation", "quota is full", "quota limit",
    "quota error", "disk quota", "disc quota", "mail quota", "storage quota", "over the allowed quota", "over disk", "out of disk quota",
    "out of storage space", "quotaexceeded", "quota full", "mailbox quota", "mailbox size limit exceeded", "mailbox exceeded",
    "mailbox has exceeded", "mailbox would exceed", "exceeded storage allocation", "exceeded the storage", "exceeded its storage",
    "exceeded maximum storage", "maximum allowed storage", "storage space in", "not enough storage", "not enough space",
    "does not have enough space", "insufficient mailbox space", "insufficient storage space", "insufficient disk space",
    "has no space left", "no space left", "space has been used up", "insufficient quota", "mailbox has reached", "reached disk quota",
    "too many messages on the server", "account is full", "account full", "account is using more", "storage limit",
    "account … exceeded … limit", "mailbox is almost full", "maildir over", "user is overquota", "user over quota", "too much mail data",
    "exceeds maximum mailbox", "mailbox usage", "mail file size exceeds", "mailbox … full", "mailbox … exceed", "resolver.adr.recipquota",
    "storedrv…quota", "exceeding receiving limits", "user's mailbox … full", "does not have room", "boxfull",
    "boite du destinataire pleine", "bo\u00eete pleine", "boite pleine", "boîte aux lettres pleine", "boite aux lettres pleine",
    "postfach … voll", "postfach ist voll", "speicherplatz", "mailbox voll", "posteingang ist voll", "quota überschritten",
    "buz\u00f3n lleno", "buzon lleno", "buzón … lleno", "cuota", "casella piena", "casella … piena", "spazio esaurito", "caixa … cheia",
    "caixa postal lotada", "skrzynka … pełna", "skrzynka jest przepełniona", "переполнен", "ящик … переполнен", "квота",
    "место закончилось", "容量不足", "空间不足", "邮箱已满", "邮箱容量", "信箱已滿", "空間不足", "メールボックス…いっぱい", "容量を超え",
    "容量オーバー", "사서함…가득", "용량 초과", "용량초과", "容量超过", "schránka je plná", "schránka … plná", "kotak … penuh",
    "reached the maximum size", "mailbox … reached the maximum", "mailbox exceeds", "exceeded its disk space", "disk space limit",
    "not enough disk space", "recipientquota", "überfüllt", "saturée", "pełna", "переповнен", "空间已满", "空間已滿", "容量已滿",
    "容量已满", "fylld", "er fuld", "er full", "täynnä", "betelt", "megtelt", "doluluk", "kutusu dolu",
)  # fmt: skip

SIZE = AnyOf(
    "message too large", "message too big", "message size exceeds", "message is too large", "message is too big", "too large for",
    "exceeds maximum message size", "message exceeds", "size limit exceeded", "message file too big", "exceeds the maximum message",
    "max message size", "maximum message size", "maximum size", "message length exceeds", "content length exceeds", "larger than the",
    "exceeds … size limit", "attachment … too large", "message … too large", "message … exceeds", "mail size limit", "size exceeds",
)  # fmt: skip

PREFERENCES = AnyOf(
    "recipient preferences", "email preferences of the person", "only accepting mail from", "not accepting mail from",
    "blocked by the recipient",
)  # fmt: skip
"""The reader does not want us, or not by this server: the address is good."""

WAITLISTED = AnyOf("sender not pre-approved", "x-boxbe-notice", "has been waitlisted")
"""A challenge in the form of a report: the mail waits until its sender makes himself known."""

DISABLED = AnyOf(
    "account disabled", "account is disabled", "account has been disabled", "mailbox disabled", "mailbox is disabled",
    "mailbox has been disabled", "user disabled", "user is disabled", "address is disabled", "recipient disabled", "disabled recipient",
    "that you tried to reach is disabled", "account suspended", "account is suspended", "account has been suspended",
    "currently suspended", "user suspended", "mailbox suspended", "account deactivated", "account is deactivated",
    "account has been deactivated", "deactivated mailbox", "mailbox deactivated", "account inactive", "account is inactive",
    "inactive user", "inactive account", "inactive mailbox", "user inactive", "user is inactive", "account not active",
    "account is not active", "user not active", "not an active address", "no longer active", "not active", "is inactive",
    "mailbox is inactive", "mailbox inactive", "address inactive", "inactive recipient", "recipient is inactive", "account expired",
    "account has expired", "account closed", "account is closed", "account has been closed", "account was closed", "account terminated",
    "account cancelled", "account canceled", "account locked", "account is locked", "mailbox is locked", "mailbox locked",
    "mailbox is frozen", "mailbox frozen", "user locked", "discontinued", "mailbox closed", "mailbox is closed",
    "boite du destinataire archivee", "extended inactivity", "no longer in use", "temporarily inactive", "dormant", "account frozen",
    "access denied … mailbox disabled", "konto deaktiviert", "deaktiviert", "cuenta desactivada", "cuenta suspendida", "compte désactivé",
    "compte desactive", "compte suspendu", "неактив", "被禁用", "已停用", "冻结", "被锁定", "停用", "휴면", "postfach … gesperrt",
    "konto … gesperrt", "ящик … заблокирован", "аккаунт … заблокирован", "пользователь … заблокирован", "ящик … отключен",
    "recipient suspend",
)  # fmt: skip

MOVED = AnyOf(
    "has moved to", "address has changed", "has changed address", "user has moved", "has been replaced by", "changed my address",
    "is no longer valid; use", "has a new address", "new address is", "please use the following address", "forwarding address is",
    "recipient has moved",
)  # fmt: skip

NO_MAILBOX = AnyOf(
    "user unknown", "unknown user", "user is unknown", "user … is unknown", "unknown recipient", "recipient unknown",
    "recipient is unknown", "unknown address", "address unknown", "address is unknown", "unknown mailbox", "mailbox unknown",
    "mailbox is unknown", "unknown account", "account unknown", "unknown local part", "unknown local-part", "unknown local user",
    "local user unknown", "unknown or illegal", "unknown alias", "unknown virtual", "unknown email", "unknown e-mail", "user … unknown",
    "addressee unknown", "destination unknown", "recipients unknown", "addresses were unknown", "unknown in local", "unknown in virtual",
    "unknown in relay", "usuario desconocido", "destinatario desconocido", "utilisateur inconnu", "destinataire inconnu",
    "adresse inconnue", "inconnu à cette adresse", "inconnu a cette adresse", "inconnue", "destinatario sconosciuto", "utente sconosciuto",
    "nessun utente", "utente inesistente", "indirizzo inesistente", "casella inesistente", "unbekannt", "existiert nicht",
    "nicht gefunden", "nicht bekannt", "unzustellbar, weil", "empfängeradresse … ungültig", "ungültige adresse", "ungültiger empf",
    "adresse ist ungültig", "no existe", "inexistente", "não existe", "nao existe", "desconhecido", "n'existe pas", "nexiste pas",
    "introuvable", "destinataire invalide", "adresse … invalide", "nie istnieje", "nie ma takiego", "nieznany użytkownik", "neexistuje",
    "neznámý", "ne postoji", "ne obstaja", "не существует", "не найден", "неизвестн", "нет такого", "нет такого пользователя",
    "не знайден", "не існує", "不存在", "用户不存在", "收件人不存在", "找不到", "无此用户", "查无此人", "地址错误", "收件人邮件地址",
    "存在しません", "見つかりません", "見つかりませんでした", "該当するユーザ", "宛先不明", "あて先不明", "宛先が不明", "が存在しない",
    "없는 사용자", "존재하지 않", "없는 메일", "수신자를 찾을 수 없", "사용자가 없", "kullanıcı bulunamadı", "böyle bir kullanıcı",
    "no such user", "no such recipient", "no such mailbox", "no such address", "no such person", "no such account", "no such local",
    "no such alias", "no such email", "no such id", "no such contact", "no such virtual", "no such customer", "no such list",
    "no such emailaddress", "no user here", "no mailbox here", "no mailbox by that name", "no mailbox found", "no mailbox with",
    "no account by that name", "no mail box available", "no one at this address", "nobody here", "no users here by that name",
    "no recipient", "no valid recipient", "no matching", "no match for", "there is no user", "there is no mailbox", "there is no one",
    "there is no such", "there is no account", "no address found", "no email account", "no e-mail account", "not our customer",
    "not a customer", "no existing user", "no active mailbox", "user does not exist", "user doesn't exist", "user not exist",
    "user do not exist", "mailbox does not exist", "mailbox doesn't exist", "mailbox not exist", "account does not exist",
    "account doesn't exist", "address does not exist", "address doesn't exist", "recipient not exist", "recipient does not exist",
    "recipient doesn't exist", "recipients does not exist", "alias does not exist", "does not exist", "doesn't exist",
    "does not have a mailbox", "does not have an account", "doesn't have an account", "doesn't have a … account",
    "does not have a … account", "didn't exist", "nonexistent", "non-existent", "non existent", "non-existant", "don't have an account",
    "no longer exists", "not exist", "user not found", "user was not found", "mailbox not found", "mailbox was not found",
    "recipient not found", "address not found", "account not found", "recipients not found", "email address could not be found",
    "address could not be found", "couldn't be found", "could not be found", "cannot be found", "can't be found", "wasn't found at",
    "was not found in", "was not found at", "not found in directory", "not found in the directory", "not found in name directory",
    "not present in directory", "not listed in", "not found in domino", "resolver.adr.recipnotfound", "resolver.adr.recipientnotfound",
    "resolver.adr.exrecipnotfound", "recipnotfound", "recipientnotfound", "in name directory", "> not found", "is not found",
    "no match found", "not a known user", "not known here", "user not known", "not known at this", "is not known", "not a valid mailbox",
    "not a valid user", "not a valid recipient", "not a valid address", "not a valid email", "not valid user", "not valid recipient",
    "invalid recipient", "invalid user", "invalid mailbox", "invalid address", "invalid account", "invalid email", "invalid e-mail",
    "invalid local", "invalid destination", "invalid or unknown", "address invalid", "recipient invalid", "mailbox invalid",
    "recipient is invalid", "address is invalid", "bad destination mailbox", "bad destination email", "bad recipient", "bad_recipient",
    "bad address", "badrcptto", "badrecipient", "validrcptto", "illegal user", "illegal recipient", "recipient address rejected: user",
    "recipient address rejected: unknown", "recipient address rejected: access denied", "recipient address rejected: undeliverable",
    "recipient address rejected: invalid", "recipient address rejected: no such", "address rejected: no", "recipient … rejected: no",
    "recipient is not accepted", "recipient not accepted", "recipient not ok", "not accepted here", "mailbox unavailable",
    "mailbox is unavailable", "mailbox unavaiable", "mailbox not available", "mailbox is not available", "mailbox … unavailable",
    "mailbox not present", "not a local address", "not local user", "is not local", "not in my list", "not our user", "not in our",
    "not on this server", "not on this system", "user missing", "missing home directory", "no longer valid", "wrong or no longer",
    "no longer accepts", "no longer with", "no longer works", "no longer employed", "no longer on this", "no longer here",
    "can't accept user", "recipient address … unknown", "address you sent your message to", "is not a registered", "not a registered",
    "not subscribed", "address is incorrect", "isn't a valid", "incorrect address", "is not a member", "user invalid",
    "user address required", "unroutable user", "envelope recipient has been denied", "rejected recipients",
    "rejected one or more recipient", "unable to find recipient", "account is unavailable", "account unavailable",
    "destination mailbox address invalid", "no thank you rejected", "addressee not", "x-unix; 67", "cannot resolve address",
    "unable to deliver to local", "delivery to local recipient failed", "not deliverable", "cannot deliver mail to",
    "this address no longer", "bad-mailbox", "is not a valid", "undeliverable address", "not a recognized", "unrecognized recipient",
    "unrecognised recipient", "unable to verify user", "mailbox non-existent", "the recipient … does not", "550 no such",
    "no route to user", "no valid cert", "delivery to … failed permanently … no such", "isn't a valid email", "dosn't exist",
    "dosn't exists", "this user dose not exist", "dose not exist", "ящик недоступен", "ящик … недоступен", "リストにありません",
    "アドレスがありません", "could not find user", "could not find mailbox", "could not find recipient", "could not find address",
    "could not find account", "address is not valid", "recipient is not valid", "user is not valid", "mailbox is not valid",
    "email is not valid", "user not registered", "recipient not registered", "address not registered", "unregistered user",
    "unregistered recipient", "mailbox is no longer available", "address is no longer available", "mailbox no longer available",
    "unable to locate user", "unable to locate recipient", "unable to locate mailbox", "recipient rejected: no",
    "recipient rejected: unknown", "not email addresses", "number not in service", "recipient address was undeliverable",
    "recipients was undeliverable", "user isn't in my list", "account not available", "inexistant", "brak takie", "nie znaleziono",
    "onbekend", "bestaat niet", "okänd", "hittades inte", "finns inte", "ukendt", "ikke fundet", "ukjent", "ikke funnet", "finnes ikke",
    "tuntematon", "ei löydy", "無此", "查無此", "άγνωστος", "δεν υπάρχει", "δεν βρέθηκε", "غير موجود", "لم يتم العثور", "לא נמצא",
    "לא קיים", "tidak ada pengguna", "tidak ditemukan", "không tồn tại", "no se encontr", "non trovato", "non esiste", "não encontrad",
    "ismeretlen", "nincs ilyen", "nem létezik", "nav atrast", "neeksistē", "nerastas", "neegzistuoja", "ei leitud", "nepostoje",
    "nije pronađen", "ni najden", "nu există", "не съществува", "nicht im domino", "nicht … aufgeführt",
)  # fmt: skip

SENDER = AnyOf(
    "sender address", "sender verify", "verification failed for", "sender rejected", "sender's domain", "sender domain",
    "domain of sender", "sender does not exist", "sender denied", "envelope sender", "unverified address", "unverified sender",
    "return path", "invalid sender",
)  # fmt: skip
"""About us, not about whom we wrote to."""

NO_HOST = AnyOf(
    "host unknown", "unknown host", "host not found", "host or domain name not found", "name or service not known", "domain not found",
    "domain does not exist", "domain doesn't exist", "no such domain", "unknown domain", "domain unknown", "domain name not found",
    "domain is not known", "domain must exist", "no such host", "hostname not found", "nxdomain", "name service error",
    "illegal host/domain", "unrouteable", "unroutable", "unroutable mail domain", "cannot find any host", "couldn't find any host",
    "couldn't find a mail exchanger", "couldn't find an smtp server", "no mail exchanger", "no mx", "null mx", "nullmx",
    "does not accept mail", "domain of recipient", "dns … not found", "bad destination host", "bad destination system",
    "all relevant mx records point to non-existent hosts", "invalid domain", "domain invalid", "domain isn't", "domain is invalid",
    "isn't in dns", "dns error", "dns server returned answer with no data", "dns lookup failed", "dns failure", "mx lookup failed",
    "could not resolve host", "cannot resolve", "unable to resolve", "domain … couldn't be found", "account or domain may not exist",
    "no host", "no a record", "mail domain mentioned", "kein mx", "domain unbekannt", "domäne … nicht gefunden", "dominio no",
    "domaine inconnu", "domaine … n'existe", "dominio inesistente", "домен не", "域名不存在", "ドメイン…存在し",
    "domain name was not found", "hop … unknown domain", "unresolvable", "not a valid domain", "no answer from dns",
    "dnsnonexistentdomain", "dns.resolverfailure", "domain is not reachable",
)  # fmt: skip

BLOCKED = AnyOf(
    "spam", "blacklist", "black list", "blocklist", "block list", "denylist", "blocked", "blocking", "rbl", "dnsbl", "spamhaus", "spamcop",
    "barracuda", "reputation", "unsolicited", "bulk mail", "policy", "prohibited", "not authorized", "not authorised", "unauthorized",
    "not permitted", "not allowed", "denied", "access denied", "relay", "relaying", "rejected by content", "content rejected",
    "message content", "virus", "malware", "phish", "infected", "suspicious", "dmarc", "dkim", "spf", "authentication", "unauthenticated",
    "reverse dns", "ptr record", "rdns", "banned", "refused due to recipient preferences", "recipient preferences",
    "only accepting mail from", "not accepting mail from", "rejected for", "rejected due", "listed in", "delivery restriction",
    "resolver.rst", "notauthorized", "restricted", "forbidden", "security", "greylist", "sender denied", "sender address rejected",
    "sender rejected", "sender verify", "message rejected", "message refused", "mail rejected", "filter", "firewall", "junk", "abgelehnt",
    "verweigert", "rechazado", "refusé", "rifiutato", "отклонен", "спам", "拒收", "拒绝", "垃圾", "迷惑メール", "拒否", "スパム", "스팸",
    "거부", "차단", "ratelimited", "rate limit",
)  # fmt: skip

LATER = AnyOf(
    "timed out", "time out", "timeout", "time-out", "expired", "retry time", "too long", "connection refused", "connection reset",
    "connection dropped", "could not connect", "couldn't connect", "could not be contacted", "unable to connect", "unable to reach",
    "not responding", "no answer from host", "network unreachable", "network is unreachable", "no route to host", "host is unreachable",
    "lost connection", "deferred", "try again", "temporar", "too many retries", "too many hops", "mail loop", "loops back",
    "loop detected", "too many connections", "too busy", "bad connection", "unreachable", "conversation with",
)  # fmt: skip

DAEMONS = AnyOf(
    "sysadmin@", "mailer-daemon", "mailerdaemon", "mailer daemon", "mail-daemon", "mail daemon", "maildaemon", "postmaster",
    "mail delivery", "mail deliver", "mail administrator", "mail system", "mailsystem", "mail router", "mailadmin", "mail admin",
    "system administrator", "system attendant", "delivery subsystem", "delivery system", "delivery service", "mail server", "mailserver",
    "mdaemon", "smtp server", "smtp gateway", "mail gateway", "mta@", "ndr@", "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e",
    "microsoft outlook", "mail transfer", "internet mail", "mailmaster", "jetmail system", "mailsweeper", "mailmarshal", "interscan",
    "imss", "surfcontrol", "webshield", "virus", "mail_delivery", "e-mail delivery", "email delivery", "メール配信", "メールサーバ",
    "邮件系统", "系统管理员", "mailbot", "daemon@", "mmdf", "smtp32", "messagelabs", "mail-router", "undeliver", "prvs=",
)  # fmt: skip
"""Who bounces are from: parts of names and addresses."""

GATEWAYS = AnyOf(
    "bounce", "no-reply@", "noreply@", "no_reply@", "nonreply", "donotreply", "do-not-reply", "root@", "webmaster@", "notification@",
    "admin@", "complaints@", "delivery@", "antispam", "symantec", "virus", "mail2",
)  # fmt: skip
"""Who bounces are from as well, and much else."""

SUBJECTS = AnyOf(
    "undeliver", "undelivery", "mail failed", "returning to sender", "processing error", "non deliver", "non-deliver", "nondeliver",
    "not deliver", "returned mail", "returned message", "return mail", "mail return", "returned to sender", "return to sender",
    "returning message", "returning your", "mail delivery", "mail failure", "message failure", "delivery fail", "delivery problem",
    "delivery error", "delivery status", "delivery notif", "delivery report", "delivery has failed", "delivery unsuccess", "delivery was",
    "delivery attempt", "delivery of", "failure notice", "failure notif", "failed delivery", "failed mail", "failed to deliver", "failed:",
    "could not deliver", "could not be delivered", "couldn't be delivered", "unable to deliver", "unable to send", "cannot deliver",
    "can't deliver", "could not send", "couldn't send", "not be delivered", "bounced", "bounce", "rejected mail", "mail rejected",
    "message rejected", "rejected:", "mail error", "error sending", "error in deliver", "delivery warning", "mail system error",
    "system error", "message undeliv", "mail undeliv", "nonremise", "non remis", "non-remise", "échec", "echec", "non distribu",
    "message non", "unzustellbar", "nicht zugestellt", "nicht zustellbar", "zustell", "rücksendung", "zurück", "fehlgeschlagen",
    "non recapitabile", "mancato recapito", "mancata consegna", "notifica di mancato", "no se pudo entregar", "no entregado",
    "no se puede entregar", "no se ha podido", "devuelto", "error de entrega", "não entregue", "nao entregue", "não pôde",
    "falha na entrega", "falha de entrega", "devolvido", "onbestelbaar", "niet bezorgd", "niet afgeleverd", "kan inte levereras",
    "olevererbart", "ikke leveres", "kunne ikke", "uleverbar", "ei voida toimittaa", "toimitus", "niedostarcz", "nie dostarczono",
    "nie można dostarczyć", "zwrot", "nedoručitel", "nedoručen", "nelze doručit", "neisporu", "ni mogoče", "nedostavljen",
    "kézbesíthetetlen", "kézbesítés", "teslim edilemedi", "iletilemedi", "iletilemeyen", "αδύνατη", "αποτυχία", "недостав", "не доставлен",
    "не удалось", "невозможно доставить", "ошибка доставки", "доставк", "возврат", "не вдалося", "повернен", "退信", "退回", "投递失败",
    "投递", "未送达", "无法投递", "無法傳送", "無法投遞", "傳送失敗", "寄件失敗", "配信不能", "配信エラー", "配信できません", "送信エラー",
    "送信できません", "不達", "未配信", "メール配信", "届きません", "戻り", "エラーメール", "반송", "전송 실패", "전달 실패", "발송 실패",
    "배달", "メールエラー", "エラー通知", "dsn", "ndn", "ndr", "nondelivery", "mail_delivery", "warning: could not send", "delayed",
    "user unknown", "unknown user", "recipient unknown", "mailbox full", "quota", "your message did not reach", "your mail",
    "your message to", "message status", "message delivery", "mail status", "permanent", "problem delivering", "e-mail delivery",
    "email delivery", "address not found", "delivery subsystem", "nonexistent", "message not", "mail not", "blocked", "not sent",
    "unsuccessful", "fehler bei", "mail could", "failure", "non-receipt", "invalid recipient", "address error", "routage", "remise",
    "entrega", "ritardato", "遅延", "opóźni", "försen",
)  # fmt: skip

OPENINGS = AnyOf(
    "could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered", "can not be delivered",
    "was not delivered", "wasn't delivered", "not be delivered", "has not been delivered", "were not delivered", "is not delivered",
    "not delivered to", "undeliver", "unable to deliver", "unable to be delivered", "not able to deliver", "wasn't able to deliver",
    "could not deliver", "couldn't deliver", "cannot deliver", "can't deliver", "failed to deliver", "failed delivery", "delivery failed",
    "delivery has failed", "delivery failure", "delivery to the following", "delivery to", "delivery of your message", "delivery error",
    "delivery problem", "delivery attempt", "delivery was", "delivery status", "delivery unsuccessful", "non-delivery", "did not reach",
    "didn't reach", "did not receive", "didn't receive", "were not able to", "was unable to", "had permanent", "permanent error",
    "permanent fatal", "fatal error", "permanently failed", "permanent failure", "mail delivery", "message delivery", "mail could not",
    "message could not", "message couldn't", "your message to", "your message was not", "your message cannot", "your message wasn't",
    "your mail to", "your email to", "your e-mail to", "your message has been rejected", "message was rejected", "mail was rejected",
    "was rejected", "message rejected", "has been rejected", "rejected your message", "returned to sender", "returned to you",
    "being returned", "returned mail", "message is being returned", "was returned", "transcript of session", "transcript of", "rcpt to",
    "smtp error", "remote host said", "the following error", "error message", "error occurred", "following recipient", "following address",
    "following destination", "these recipients", "one or more recipients", "one or more of its recipients", "recipient(s)", "user unknown",
    "unknown user", "unknown recipient", "mailbox full", "over quota", "does not exist", "address not found", "wasn't found",
    "couldn't be found", "no such user", "invalid recipient", "mailbox unavailable", "could not send message", "message not delivered",
    "nicht zugestellt", "nicht zustellen", "nicht zugestellt werden", "konnte nicht", "zustellung", "unzustellbar", "n'a pas pu",
    "n'a pu être", "pas pu être", "impossible de", "non remis", "non distribu", "échec", "no se pudo", "no se ha podido", "no ha podido",
    "no pudo ser", "error al", "não pôde", "não foi possível", "nao foi possivel", "falha", "non è stato possibile",
    "non e' stato possibile", "impossibile", "mancata", "kon niet worden", "niet worden bezorgd", "niet afgeleverd", "kunde inte",
    "kunne ikke", "ei voitu", "nie można", "nie mogła", "nie został", "nelze", "nebylo možné", "nebyla doručena", "ni bilo mogoče",
    "nije moguće", "nem sikerült", "nem kézbesíthető", "teslim edilemedi", "iletilemedi", "недостав", "не доставлен", "не удалось",
    "не может быть", "не было доставлено", "невозможно", "не можливо", "не вдалося", "не доставлено", "退信", "退回", "无法投递",
    "无法发送", "投递失败", "发送失败", "未能", "抱歉", "無法", "失敗", "配信できません", "配信されません", "送信できません", "届きません",
    "お届けできません", "エラー", "配信不能", "送れません", "不達", "전송되지", "전달되지", "전송할 수 없", "보낼 수 없", "반송", "实效",
    "still being retried", "delayed", "will continue", "will be retried", "message has been delayed", "not yet been delivered",
    "this is the mail system", "this is a permanent", "i'm sorry to have to inform", "i'm afraid i wasn't able", "hi. this is the",
    "this message was created automatically by mail", "automatically generated delivery status", "did not exactly match", "message from",
    "cannot send", "can't be sent", "could not be sent", "can not send", "couldn't send", "unable to send", "no longer",
    "not accepting mail", "is not known", "problem delivering", "problems delivering", "refused by", "was refused", "has been refused",
    "has been blocked", "was blocked", "cannot accept", "not found", "unable to process", "error while", "failed recipient", "reason for",
    "unable to relay", "message was undeliverable", "disabled", "suspended", "no matches", "in ritardo", "遅れて", "まだ配信されて",
)  # fmt: skip

DELAYED = AnyOf(
    "will continue", "will be retried", "still being retried", "will keep trying", "keep trying", "will retry", "will try again",
    "retrying", "continues to try", "continue to try", "will attempt to deliver", "will attempt delivery", "further attempts will",
    "delivery attempts will continue", "attempts to deliver … will", "has not yet been delivered", "not yet been delivered",
    "not yet deliver", "not been delivered yet", "has been delayed", "is delayed", "was delayed", "delayed mail", "delivery delayed",
    "message delayed", "delivery is delayed", "delivery status notification (delay)", "(delay)",
    "warning: could not send message for past", "warning: message", "warning - delayed", "this is a warning message only",
    "this is only a warning", "this is just a warning", "warning message only", "you do not need to resend", "do not need to resend",
    "you don't need to resend", "not need to send", "no action is required", "temporary failure; message will", "temporarily deferred",
    "being deferred", "has been deferred", "still in the queue", "remains in the queue", "remain in the queue", "is still in queue",
    "still trying", "still attempting", "will be kept", "you will be notified", "verzögert", "weiterhin versuch",
    "weitere zustellversuche", "retardé", "différé", "nouvelle tentative", "retrasado", "se seguirá intentando", "demorado", "atrasad",
    "ritardo", "vertraagd", "opóźni", "задерж", "повторн", "попытки … продолж", "затрим", "延迟", "将继续尝试", "继续尝试", "延遲", "遅延",
    "再送", "再試行", "지연", "reintent", "will be re-attempted", "tentatives", "遅れて", "försen",
)  # fmt: skip
"""Still under way, unless it says that it was given up."""

GIVEN_UP = AnyOf(
    "permanent error", "permanent fatal", "permanent failure", "permanently failed", "permanent delivery", "permanently fail", "giving up",
    "given up", "gave up", "i've given up", "will not be retried", "won't be retried", "no further attempts", "no more attempts",
    "will not be attempted", "will no longer", "has been removed from the mail queue", "has expired", "has now expired", "expired after",
    "retry timeout exceeded", "retry time not reached", "retry limit", "maximum retry", "too long", "delivery failed after",
    "delivery has failed", "delivery failed", "failed permanently", "this is a permanent error", "being returned",
    "unable to deliver your message to the following", "and will not", "final failure", "could not be delivered … days",
    "was not delivered within", "not delivered within", "endgültig", "definitiv", "permanente", "окончательн", "최종",
)  # fmt: skip

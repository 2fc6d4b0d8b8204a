"""Mails that come back, in the forms of the servers that write them; written for these tests, of made-up people and places.

Each form is (name, what it is, whom it is about, how bad). The mails have the look that their servers' manuals and sources give them.
"""

from __future__ import annotations

from engage.feedback.bounces import Severity
from engage.feedback.findings import What

HARD, SOFT, FULL, BLOCKED = Severity.HARD, Severity.SOFT, Severity.FULL, Severity.BLOCKED
Case = tuple[str, What, str | None, Severity | None]

OURS = "bounces+d7.0123456789abcdef0123@news.example"
ANA = "ana@reader.example"
RETURNED = f"Received: from mta.news.example (mta.news.example [192.0.2.1])\n\tby mx.reader.example; Mon, 2 Mar 2026 09:00:00 +0000\nMessage-ID: <d7.0123456789abcdef0123@engage.example>\nFrom: Aurora <hello@news.example>\nTo: {ANA}\nSubject: Happy birthday\n\nHappy birthday!\n"


def letter(body: str, *, sender: str, **more: str) -> bytes:
    """What somebody wrote: it has a sender to whom mail can go."""
    return mail(body, sender=sender, **more).replace(b"Return-Path: <>", f"Return-Path: <{sender.rpartition('<')[2].strip('>')}>".encode(), 1)


def mail(body: str, *, sender: str = "Mail Delivery System <MAILER-DAEMON@mx.reader.example>", subject: str, more: str = "", kind: str = "text/plain; charset=utf-8") -> bytes:
    """A mail to our return path."""
    head = f"Return-Path: <>\nReceived: from mx.reader.example by news.example; Mon, 2 Mar 2026 09:01:00 +0000\nFrom: {sender}\nTo: {OURS}\nSubject: {subject}\nDate: Mon, 2 Mar 2026 09:01:00 +0000\nMIME-Version: 1.0\nContent-Type: {kind}\n{more}"
    return f"{head}\n{body}".encode()


def report(said: str, *blocks: str, subject: str = "Undelivered Mail Returned to Sender", status: str = "message/delivery-status", returned: str = "message/rfc822", **more: str) -> bytes:
    """A delivery status notification (RFC 3464)."""
    fields = "\n".join(("Reporting-MTA: dns; mx.reader.example\nArrival-Date: Mon, 2 Mar 2026 09:00:00 +0000\n", *(f"{block}\n" for block in blocks)))
    body = f"--B\nContent-Type: text/plain; charset=utf-8\n\n{said}\n--B\nContent-Type: {status}\n\n{fields}\n--B\nContent-Type: {returned}\n\n{RETURNED}\n--B--\n"
    return mail(body, subject=subject, kind='multipart/report; report-type=delivery-status; boundary="B"', **more)


def recipient(status: str, said: str = "", *, action: str = "failed", address: str = ANA) -> str:
    """One recipient's block."""
    diagnostic = f"\nDiagnostic-Code: smtp; {said}" if said else ""
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}{diagnostic}"


def status_case(name: str, severity: Severity | None, status: str, said: str = "", *, what: What = What.BOUNCED, action: str = "failed") -> tuple[Case, bytes]:
    """A notification of one recipient."""
    return (name, what, ANA, severity), report("This is the mail system at host mx.reader.example.", recipient(status, said, action=action))


STATUS_CASES = [
    status_case("postfix unknown", HARD, "5.1.1", f"550 5.1.1 <{ANA}>: Recipient address rejected: User unknown in local recipient table"),
    status_case("exchange unknown", HARD, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    status_case("office 365 edge", HARD, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
    status_case("sendmail unknown, no code", HARD, "5.0.0", f"550 <{ANA}>... User unknown"),
    status_case("5.7.1 for who is not there", HARD, "5.7.1", f"553 Invalid recipient {ANA} (Mode: normal)"),
    status_case("bare 550", SOFT, "5.0.0", "550 Requested action not taken"),
    status_case("host unknown", HARD, "5.4.4", "Host or domain name not found. Name service error for name=reader.example type=A: Host not found"),
    status_case("null MX", HARD, "5.1.0", "556 5.1.10 Recipient address has null MX"),
    status_case("disabled", HARD, "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled."),
    status_case("disabled, no code", HARD, "5.0.0", "554 delivery error: dd This user doesn't have a yahoo account or the account has been disabled"),
    status_case("moved", HARD, "5.1.6", "551 5.1.6 recipient no longer on server: user has moved to elsewhere"),
    status_case("exim with a word for a code", HARD, "5.0.0", "550 BAD_RECIPIENT - see https://mx.reader.example/why"),
    status_case("too large, called no mailbox", SOFT, "5.1.1", f"550 RCPT TO:<{ANA}> max message size exceeded"),
    status_case("full, called forbidden", FULL, "5.7.0", "The recipient mailbox has exceeded its disk space limit."),
    status_case("full", FULL, "5.2.2", "552 5.2.2 The email account that you tried to reach is over quota"),
    status_case("full by another code", FULL, "5.0.0", "552 mailbox is full"),
    status_case("full, given as unknown", FULL, "5.1.1", "550 User over quota. (#5.1.1)"),
    status_case("full for now, given up", FULL, "4.2.2", "452 4.2.2 Mailbox full"),
    status_case("spam", BLOCKED, "5.7.1", "550-5.7.1 Our system has detected that this message is likely unsolicited mail."),
    status_case("spam, no code", BLOCKED, "5.0.0", "554 Message rejected: blocked using zen.spamhaus.org"),
    status_case("no DMARC", BLOCKED, "5.7.26", "550-5.7.26 This mail is unauthenticated"),
    status_case("relaying", BLOCKED, "5.7.1", "550 5.7.1 Unable to relay"),
    status_case("preferences, given as unknown", BLOCKED, "5.1.1", "550 5.1.1 RCP-P2 Refused due to recipient preferences"),
    status_case("no reverse DNS", BLOCKED, "5.0.0", "550 we could not find your reverse DNS; rejected by policy"),
    status_case("our IP is barred, in German", BLOCKED, "5.0.0", "554 Ihre IP-Adresse ist gesperrt, Annahme verweigert"),
    status_case("blocked, in Russian", BLOCKED, "5.0.0", "550 сообщение заблокировано: спам"),
    status_case("server away, in Russian", SOFT, "4.0.0", "451 сервер недоступен"),
    status_case("too many in one connection", SOFT, "4.0.0", "421 too many messages in this connection"),
    status_case("rate limited", BLOCKED, "5.0.0", "550 Ip frequency limited [Blocked IP 192.0.2.22]"),
    status_case("a disabled mailbox's unknown user", HARD, "5.2.1 (mailbox disabled, not accepting messages)", f"550 5.2.1 <{ANA}>... User Unknown"),
    status_case("sender refused", BLOCKED, "5.0.0", "550 Verification failed for <hello@news.example>: user unknown. Sender verify failed"),
    status_case("refused by a table", BLOCKED, "5.7.1", f"554 5.7.1 <{ANA}>: Recipient address rejected: Access denied"),
    status_case("expired", SOFT, "4.4.7", "451 4.4.1 connection timed out; message expired"),
    status_case("too large", SOFT, "5.3.4", "552 5.3.4 Message size exceeds fixed limit"),
    status_case("loop", SOFT, "5.4.6", "554 5.4.6 Too many hops"),
    status_case("greylisted and given up", SOFT, "4.7.1", "451 4.7.1 Greylisting in action, please come back later"),
    status_case("still trying", None, "4.4.1", "connect to mx.reader.example: Connection timed out", what=What.DELAYED, action="delayed"),
    status_case("delivered", None, "2.1.5", "250 2.1.5 OK", what=What.DELIVERED, action="delivered"),
    status_case("relayed", None, "2.0.0", "250 OK", what=What.PASSED_ON, action="relayed"),
    status_case("action with a remark", HARD, "5.1.1 (bad destination mailbox address)", "", action="failed (user unknown)"),
]


def prose_case(name: str, severity: Severity | None, body: str, *, subject: str, what: What = What.BOUNCED, about: str | None = ANA, **more: str) -> tuple[Case, bytes]:
    """A bounce in words."""
    return (name, what, about, severity), mail(body, subject=subject, **more)


_COPY = f"------ This is a copy of the message, including all the headers. ------\n\n{RETURNED}"
PROSE_CASES = [
    prose_case("exim", HARD, f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {ANA}\n    host mx.reader.example [192.0.2.9]\n    SMTP error from remote mail server after RCPT TO:<{ANA}>:\n    550 No such user here\n\n{_COPY}", subject="Mail delivery failed: returning message to sender", more=f"X-Failed-Recipients: {ANA}\nAuto-Submitted: auto-replied\n"),
    prose_case("exim host", HARD, f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {ANA}\n    Unrouteable address\n\n{_COPY}", subject="Mail delivery failed: returning message to sender"),
    prose_case("exim warning", None, f"This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.news.example.\n\nThe address to which the message has not yet been delivered is:\n\n  {ANA}\n\nNo action is required on your part. Delivery attempts will continue for\nsome time, and this warning may be repeated at intervals.\n", subject="Warning: message 1abc delayed 24 hours", what=What.DELAYED),
    prose_case("qmail", HARD, f"Hi. This is the qmail-send program at mx.reader.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{ANA}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{RETURNED}", subject="failure notice", sender="MAILER-DAEMON@mx.reader.example"),
    prose_case("qmail full", FULL, f"Hi. This is the qmail-send program at mx.reader.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{ANA}>:\nMailbox quota exceeded (#5.2.2)\n\n--- Below this line is a copy of the message.\n\n{RETURNED}", subject="failure notice", sender="MAILER-DAEMON@mx.reader.example"),
    prose_case("sendmail of old", HARD, f"The original message was received at Mon, 2 Mar 2026 09:00:00 GMT\nfrom mta.news.example [192.0.2.1]\n\n   ----- The following addresses had permanent fatal errors -----\n<{ANA}>\n\n   ----- Transcript of session follows -----\n... while talking to mx.reader.example.:\n>>> RCPT To:<{ANA}>\n<<< 550 <{ANA}>... User unknown\n550 <{ANA}>... User unknown\n\n   ----- Original message follows -----\n\n{RETURNED}", subject="Returned mail: User unknown"),
    prose_case("sendmail warning", None, f"    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\nThe original message was received at Mon, 2 Mar 2026\n\n   ----- Transcript of session follows -----\n<{ANA}>... Deferred: Connection timed out with mx.reader.example.\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n", subject="Warning: could not send message for past 4 hours", what=What.DELAYED),
    prose_case("gmail of old", HARD, f"Delivery to the following recipient failed permanently:\n\n     {ANA}\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain reader.example by mx.reader.example. [192.0.2.9].\n\nThe error that the other server returned was:\n550 5.1.1 <{ANA}>... User Unknown\n\n----- Original message -----\n\n{RETURNED}", subject="Delivery Status Notification (Failure)", sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>"),
    prose_case("gmail, not found", HARD, f"** Address not found **\n\nYour message wasn't delivered to {ANA} because the address couldn't be found, or is unable to receive mail.\n\nThe response from the remote server was:\n550 5.1.1 The email account that you tried to reach does not exist.\n", subject="Delivery Status Notification (Failure)", sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>"),
    prose_case("gmail delay", None, f"** Delivery incomplete **\n\nThere was a temporary problem while delivering your message to {ANA}. Gmail will retry for 46 more hours. You'll be notified if the delivery fails permanently.\n", subject="Delivery Status Notification (Delay)", sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>", what=What.DELAYED),
    prose_case("yahoo", HARD, f"Sorry, we were unable to deliver your message to the following address.\n\n<{ANA}>:\n554: delivery error: dd This user doesn't have a yahoo.com account ({ANA}) [0]\n\n--- Below this line is a copy of the message.\n\n{RETURNED}", subject="Failure Notice", sender="MAILER-DAEMON@yahoo.com"),
    prose_case("exchange of old", HARD, f"Your message\n\n  To:      {ANA}\n  Subject: Happy birthday\n  Sent:    Mon, 2 Mar 2026 10:00:00 +0100\n\ndid not reach the following recipient(s):\n\n{ANA} on Mon, 2 Mar 2026 10:00:01 +0100\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=reader\n    MSEXCH:IMS:READER:MAIL 0 (000C05A6) Unknown Recipient\n", subject="Undeliverable: Happy birthday", sender="System Administrator <postmaster@reader.example>"),
    prose_case("notes", HARD, f"Your message\n\n  Subject: Happy birthday\n\nwas not delivered to:\n\n  {ANA}\n\nbecause:\n\n  User ana ({ANA}) not listed in Domino Directory\n", subject=f"DELIVERY FAILURE: User ana ({ANA}) not listed in Domino Directory", sender="postmaster@reader.example"),
    prose_case("groupwise", HARD, f"The attached file had the following undeliverable recipient(s):\n\t{ANA}\nTranscript of session follows:\n Command: ana\n Response: 550 Unknown user\n", subject="Message status - undeliverable", sender="Mail Delivery System <postmaster@reader.example>"),
    prose_case("mail.ru", HARD, f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {ANA}\n    SMTP error from remote mail server after RCPT TO:<{ANA}>:\n    550 Message was not accepted -- invalid mailbox.  Local mailbox {ANA} is unavailable: user not found\n\n{_COPY}", subject="Mail failure.", sender="mailer-daemon@corp.mail.ru"),
    prose_case("gmx", HARD, f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to\none or more of its recipients. This is a permanent error.\nThe following address failed:\n\n\"{ANA}\":\nSMTP error from remote server after RCPT command:\nhost mx.reader.example[192.0.2.9]:\n5.1.1 <{ANA}>... User unknown\n\n--- The header of the original message is following. ---\n\n{RETURNED}", subject="Mail delivery failed: returning message to sender", sender="GMX Mailer Daemon <mailer-daemon@gmx.de>"),
    prose_case("web.de in German", FULL, f"Diese Nachricht wurde automatisch vom E-Mail-System erstellt.\n\nIhre Nachricht konnte nicht zugestellt werden an:\n\n{ANA}\n\nDas Postfach des Empfängers ist voll.\n", subject="Unzustellbar: Happy birthday", sender="Postmaster <postmaster@web.example>"),
    prose_case("orange in French", HARD, f"Votre message n'a pas pu être remis au destinataire suivant :\n\n{ANA}\n\n550 5.1.1 Adresse d'au moins un destinataire invalide. Invalid recipient. OFR204_416\n", subject="Échec de la remise de votre message", sender="MAILER-DAEMON@orange.example"),
    prose_case("qq in Chinese", HARD, f"抱歉，您的邮件被退回来了……\n\n原邮件信息：\n\n收件人邮箱 {ANA} 不存在，邮件无法送达。\n", subject="系统退信/Systems bounce", sender="PostMaster <PostMaster@qq.example>"),
    prose_case("163", FULL, f"Sorry, we were unable to deliver your message to the following address.\n抱歉，以下邮件无法投递。\n收件人：{ANA}\n退信原因：收件人邮箱已满\n", subject="系统退信", sender="Postmaster@163.example"),
    prose_case("ezweb in Japanese", HARD, f"次のあて先へのメッセージはエラーのため送信できませんでした。\n\n送信先メールアドレスが見つかりませんでした。\n\n<{ANA}>\n", subject="Mail System Error - Returned Mail", sender="Postmaster@ezweb.example"),
    prose_case("m-filter in Japanese", HARD, f"このメールは「m-FILTER」が自動的に生成して送信しています。\nメールサーバーとの通信中、下記の理由により\nこのメールは送信できませんでした。\n\n{ANA}\n-------server message\n550 unknown user <{ANA}>\n\n-------SMTP command\nDATA\n\n-------original message\n{RETURNED}", subject="failure notice", sender="POSTMASTER <postmaster@reader.example>"),
    prose_case("biglobe", FULL, f"   ----- The following addresses had delivery problems -----\n{ANA}\n\n   ----- Non-delivered information -----\nThe number of messages in recipient's mailbox exceeded the local limit.\n", subject="Returned mail: Service unavailable", sender="postmaster@biglobe.example"),
    prose_case("naver in Korean", HARD, f"메일이 전송되지 못했습니다.\n\n받는 사람: {ANA}\n\n존재하지 않는 이메일 주소입니다.\n", subject="[발송실패 안내] 메일이 전송되지 않았습니다", sender="MAILER-DAEMON <mailer-daemon@naver.example>"),
    prose_case("yandex", HARD, f"This is the mail system at host forward1.yandex.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\nPlease, do not reply to this message.\n\n<{ANA}>: host mx.reader.example[192.0.2.9] said: 550 5.7.1 No such\n    user! (in reply to RCPT TO command)\n", subject="Недоставленное сообщение", sender="mailer-daemon@yandex.example"),
    prose_case("aol", BLOCKED, f"Your mail to the following recipients could not be delivered because they are not accepting mail from hello@news.example:\n\t{ANA}\n", subject="Mail Delivery Problem", sender="Mail Delivery Subsystem <MAILER-DAEMON@AOL.com>"),
    prose_case("mimecast", BLOCKED, f"Your message to {ANA} was rejected.\n\nmx.reader.example[192.0.2.9] said: 554 Email rejected due to security policies - https://community.mimecast.com\n", subject="Undeliverable: Happy birthday", sender="postmaster@reader.example"),
    prose_case("barracuda", BLOCKED, f"Your message to:\n{ANA}\nwas blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:\n\nSubject: Happy birthday\n", subject="**Message you sent blocked by our bulk email filter**", sender="Bulk Email Filter <postmaster@reader.example>"),
    prose_case("apache james", HARD, f"Hi. This is the James mail server at mx.reader.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out. Below\nI include the list of recipients and the reason why I was unable to deliver\nyour message.\n\nFailed recipient(s):\n{ANA}\n\nError message:\n550 - Requested action not taken: no such user here\n", subject="Re: Happy birthday", sender="postmaster@james.example"),
    prose_case("courier", HARD, f"This is a delivery status notification from mx.reader.example,\nrunning the Courier mail server, version 0.65.\n\nThe original message was received on Mon, 2 Mar 2026 from mta.news.example (192.0.2.1)\n\n---------------------------------------------------------------------------\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<{ANA}>:\n    mx.reader.example [192.0.2.9]:\n>>> RCPT TO:<{ANA}>\n<<< 550 5.1.1 <{ANA}>... User unknown\n", subject="NOTICE: mail delivery status.", sender="\"Courier mail server at mx.reader.example\" <@>"),
    prose_case("mailfoundry", HARD, f"Unable to deliver message to: <{ANA}>\nDelivery failed for the following reason:\nServer mx.reader.example[192.0.2.9] failed with: 550 <{ANA}> No such user here\nThis has been a permanent failure.  No further delivery attempts will be made.\n", subject="Message delivery has failed"),
    prose_case("mailmarshal", HARD, f"Your message:\n   From:    hello@news.example\n   Subject: Happy birthday\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n   {ANA}\n\n\nAdditional Information\n======================\n", subject="Undeliverable Mail: \"Happy birthday\"", sender="postmaster@reader.example"),
    prose_case("imail", HARD, f"Unknown user: {ANA}\n\nRCPT TO generated following response:\n550 not a known user\n\nOriginal message follows.\n\n{RETURNED}", subject="Undeliverable Mail ", sender="Postmaster <postmaster@mx.reader.example>"),
    prose_case("surfcontrol", HARD, f"Your message could not be sent.\nA transcript of the attempts to send the message follows.\nThe number of attempts made: 1\nAddressed To: {ANA}\n\nFailed to send to identified host,\n{ANA}: [192.0.2.9], 550 {ANA}... No such user\n--- Message non-deliverable.\n", subject="Happy birthday", sender="<MAILER-DAEMON@reader.example>"),
    prose_case("facebook", BLOCKED, f"This message was created automatically by Facebook.\n\nYour message to {ANA} could not be delivered: refused due to recipient preferences.\n", subject="Sorry, your message could not be delivered", sender="Facebook <mailer-daemon@mx-out.facebook.example>"),
    prose_case("zoho", HARD, f"This message was created automatically by mail delivery software.\nA message that you sent could not be delivered to one or more of its recipients. This is a permanent error.\n\n{ANA} Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 Recipient address rejected: no such user\n", subject="Undelivered Mail Returned to Sender", sender="mailer-daemon@mail.zoho.example"),
    prose_case("verizon text", HARD, f"Error: 550 - Requested action not taken: mailbox unavailable\n\nYour message to {ANA} was not delivered: no such user\n", subject="Undeliverable Message", sender="Post_Master@vtext.example"),
    prose_case("smtp32 of x400", HARD, f"The message could not be delivered to {ANA}.\nReason: recipient-name-ambiguous; Unknown address\n", subject="Delivery Report (failure)", sender="Mail Gateway <postmaster@x400.example>"),
    prose_case("a receipt that refuses (Sieve)", BLOCKED, f"Your message to <{ANA}> was automatically rejected:\nI take no mail from shops: blocked.\n", subject="Automatically rejected mail", kind="multipart/report; report-type=disposition-notification; boundary=\"none\""),
    prose_case("a gateway around a bounce", HARD, f"--A\nContent-Type: text/plain\n\nThe original message was received at Thu Oct 13\n----- The following addresses had permanent delivery errors -----\n--A\nContent-Type: message/rfc822\n\n{STATUS_CASES[0][1].decode()}\n--A--\n", subject="Returned mail: User unknown", kind='multipart/mixed; boundary="A"'),
    prose_case("inter scan", SOFT, f"--B\nContent-Type: text/plain\n\nThe following mail could not be delivered.\nReason:  Exceeded Maximum Delivery Attempts.\n--B\nContent-Type: message/rfc822\n\n{RETURNED}\n--B--\n", subject="Mail could not be delivered", sender="inetgw1@reader.example", kind='multipart/mixed; boundary="B"', more="List-Id: <x>\n"),
    prose_case("SES by SNS", HARD, '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"' + ANA + '","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{}}\n--\nIf you wish to stop receiving notifications\n', subject="AWS Notification Message", sender="SES <no-reply@sns.amazonaws.com>", more="x-amz-sns-message-id: ad6bdf42\n"),
    prose_case("KDDI in Japanese", FULL, f"--B\nContent-Type: text/plain; charset=ISO-2022-JP\n\n送信先のメールボックスが一杯のため、送信できませんでした。\n\nYour mail sent on: Mon, 2 Mar 2026 09:00:00 +0900\n     Could not be delivered to: <{ANA}>\n--B\nContent-Type: message/rfc822\n\n{RETURNED}\n--B--\n", subject="メールエラー通知", sender="no-reply@dion.example", kind='multipart/mixed; boundary="B"'),
    prose_case("a text gateway", HARD, f"Message could not be delivered to mobile.\nError: No valid recipients for this MM\n\n\nOriginal Message:\nFrom: Aurora <hello@news.example>\nTo: {ANA}\nSubject: Happy birthday\n", subject="Undeliverable Message", sender="MMSC NDR Administrator <sysadmin@mms.example>"),
    prose_case("trouble delivering", SOFT, f"We had trouble delivering your message. Full details follow:\n\nSubject: 'Happy birthday'\n\n1 error(s):\n\nThe following recipients returned permanent errors: {ANA}. Reason: SMTP Server <192.0.2.223> refused to accept your message (DATA), with the following error message: [554 5.4.6 Hop count exceeded - possible mail loop]\n", subject="There was an error sending your mail", sender="mailer-daemon", more="Auto-Submitted: auto-replied\nPrecedence: list\n"),
    prose_case("sendmail 5", SOFT, f"   ----- Transcript of session follows -----\n421 reader.example (smtp)... Deferred: Connection timed out during user open with reader.example\n\n   ----- Unsent message follows -----\n{RETURNED}", subject="Returned mail: Cannot send message for 4 days"),
    prose_case("of a mail that asked to confirm", HARD, f"Your message\n\n  To:      {ANA}\n  Subject: Please confirm your address\n\ndid not reach the following recipient(s):\n\n{ANA} on Mon, 2 Mar 2026\n    The e-mail account does not exist at the organization.  550 5.1.1\n", subject="Undeliverable: Please confirm your address", sender="postmaster@reader.example"),
    prose_case("header without blanks", HARD, f"A message that you sent could not be delivered. This is a permanent error.\n\n{ANA} Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 User Unknown\n\nReceived:from mail.zoho.example\nFrom:Aurora<bo@other.example>\n", subject="Undelivered Mail Returned to Sender", sender="mailer-daemon@mail.zoho.example"),
    prose_case("html only", HARD, f"<html><head><style>p {{}}</style></head><body><p>Your message to <b>{ANA}</b> couldn&#39;t be delivered.</p><p>ana wasn't found at reader.example.</p></body></html>", subject="Undeliverable: Happy birthday", sender="postmaster@outlook.example", kind="text/html; charset=utf-8"),
]


def worded(name: str, severity: Severity, subject: str, said: str, *, sender: str = "postmaster@reader.example", more: str = "") -> tuple[Case, bytes]:
    """A bounce that says `said` of Ana's address, and returns the mail."""
    return prose_case(name, severity, f"{said.format(ana=ANA)}\n\n{RETURNED}", subject=subject, sender=sender, more=more)


WORDED_CASES = [
    worded("Arabic", HARD, "تعذر التسليم: Happy birthday", "فشل التسليم إلى هؤلاء المستلمين:\n\n{ana}\n550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
    worded("Hebrew", HARD, "לא ניתן למסירה: Happy birthday", "המסירה נכשלה לנמענים אלה:\n\n{ana}\n550 5.1.1"),
    worded("Swedish", HARD, "Olevererat: Happy birthday", "Leveransen misslyckades till dessa mottagare:\n\n{ana}\nE-postadressen hittades inte. #550 5.1.10"),
    worded("Latvian, full", FULL, "Vēstule nav piegādāta", "Jūsu vēstuli nevarēja piegādāt:\n\n<{ana}>: 552 5.2.2"),
    worded("Dutch", HARD, "Onbestelbaar: Happy birthday", "Uw bericht kon niet worden afgeleverd bij:\n\n{ana}\nHet e-mailadres bestaat niet."),
    worded("Domino in German", HARD, "ZUSTELLUNGSFEHLER", "Ihre Nachricht konnte nicht zugestellt werden an:\n\n  {ana}\n\nGrund:\n\n  Benutzer ana ({ana}) nicht im Domino-Verzeichnis aufgeführt"),
    worded("IMail, full", FULL, "Undeliverable Mail", "User mailbox exceeds allowed size: {ana}\n\nOriginal message follows."),
    worded("a transcript", HARD, "FAILURE NOTICE", "  ----- The following addresses had permanent fatal errors -----\n\n>>> {ana} <{ana}>\n\n  ----- original transcript -----\n\n550 sorry, no mailbox here by that name (#5.1.1 - chkusr)"),
    worded("552 for who is not there", HARD, "Failure Notice", "Sorry, we were unable to deliver your message to the following address.\n\n<{ana}>:\n552 1 Requested mail action aborted, mailbox not found"),
    worded("QQ about the sender", BLOCKED, "来自qq.com的退信", "抱歉，您的邮件被退回来了\n发件人(hello@news.example)域名的DNS记录未设置\nhost said: 550 Mail content denied.\n收件人：{ana}"),
    prose_case("late, in Italian", None, f"Il recapito a questi destinatari è in ritardo:\n\n{ANA}\n\nIl messaggio non è ancora stato recapitato.", subject="Recapito ritardato: Happy birthday", sender="postmaster@reader.example", what=What.DELAYED),
    prose_case("late, in Japanese", None, f"次の受信者への配信が遅れています:\n\n{ANA}\n\nこのメッセージはまだ配信されていません。", subject="配信遅延: Happy birthday", sender="postmaster@reader.example", what=What.DELAYED),
    worded("Barracuda", BLOCKED, "**Message you sent blocked by our bulk email filter**", "Your message to: {ana}\nwas blocked by our Spam Firewall. The email you sent has NOT BEEN DELIVERED.", sender="noreply@cuda.reader.example"),
]

ARF = f"--B\nContent-Type: text/plain\n\nThis is an email abuse report for an email message received from IP 192.0.2.1 on Mon, 2 Mar 2026.\n--B\nContent-Type: message/feedback-report\n\nFeedback-Type: %s\nUser-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Rcpt-To: <{ANA}>\nOriginal-Mail-From: <{OURS}>\n--B\nContent-Type: message/rfc822\n\n{RETURNED}\n--B--\n"


def complaint(kind: str) -> bytes:
    """A feedback report (RFC 5965)."""
    return mail(ARF % kind, subject="FW: Happy birthday", sender="Feedback <feedback@arf.example>", kind='multipart/report; report-type=feedback-report; boundary="B"')


JMRP = letter(
    f"--B\nContent-Type: message/rfc822\nContent-Disposition: inline\n\nX-HmXmrOriginalRecipient: {ANA}\nX-Reporter-IP: 192.0.2.9\n{RETURNED}\n--B--\n",
    sender="staff@outlook.example", subject="complaint about message from 192.0.2.1", kind='multipart/mixed; boundary="B"',
)
UNFOLDED = complaint("opt-out").replace(b'; boundary="B"', b';\nboundary="B"', 1).replace(b"Received: from mta", b"Received:\nfrom mta", 1)
UNPARTED = complaint("abuse").replace(b'; boundary="B"', b"", 1).replace(b"--B", b"--_part_one")
FORWARDED = letter("Season's greetings\n", sender="Aurora <hello@news.example>", subject="Happy birthday", more=f"X-HmXmrOriginalRecipient: {ANA}\nPrecedence: bulk\n")
COMPLAINT_CASES: list[tuple[Case, bytes]] = [
    (("abuse", What.COMPLAINED, ANA, None), complaint("abuse")), (("fraud", What.COMPLAINED, ANA, None), complaint("fraud")),
    (("opted out", What.COMPLAINED, ANA, None), complaint("opt-out")), (("outlook", What.COMPLAINED, ANA, None), JMRP),
    (("no indentation", What.COMPLAINED, ANA, None), UNFOLDED), (("no boundary", What.COMPLAINED, ANA, None), UNPARTED),
    (("outlook, without a cover", What.COMPLAINED, ANA, None), FORWARDED),
    (("not spam", What.AUTOMATIC, ANA, None), complaint("not-spam")), (("DMARC failure", What.AUTOMATIC, ANA, None), complaint("auth-failure")),
]  # fmt: skip

PERSON = "Ana <ana@reader.example>"
NO_BOUNCES: dict[str, bytes] = {
    "reply": letter("Thank you! Could you please tell me where my parcel is?\n\nAna\n", sender=PERSON, subject="Re: Happy birthday", more="In-Reply-To: <d7.0123456789abcdef0123@engage.example>\n"),
    "reply that quotes a bounce": letter("Is this yours? It came to me.\n\n> This is the mail system.\n> Your message could not be delivered to bo@x.example: 550 5.1.1 user unknown\n", sender=PERSON, subject="Re: Undelivered Mail Returned to Sender"),
    "question about delivery": letter("Hello, your message to me said that my delivery failed. The address does not exist, it says? I live there.\n", sender=PERSON, subject="My parcel"),
    "absence": letter("I am out of the office until Monday. Mail to my colleague bo@reader.example cannot be delivered these days.\n", sender=PERSON, subject="Automatic reply: Happy birthday", more="Auto-Submitted: auto-replied\n"),
    "absence without header": letter("Ich bin bis Montag nicht im Haus. Ihre Nachricht wird nicht weitergeleitet.\n", sender=PERSON, subject="Abwesenheitsnotiz: Happy birthday"),
    "absence by daemon": letter("User ana is on vacation until Monday.\n", sender="MAILER-DAEMON@reader.example", subject="Out of office: Happy birthday", more="Auto-Submitted: auto-replied (vacation)\n"),
    "ticket": letter("Thank you for contacting us. We have received your message.\n", sender="Support <support@shop.example>", subject="[Ticket #77] Happy birthday", more="Auto-Submitted: auto-generated\n"),
    "challenge": letter("Your message will be delivered once you click here to confirm you are a person.\n", sender="Ana <ana@reader.example>", subject="Please confirm your message"),
    "challenge in the form of a report": report("Your message has been waitlisted. Add yourself to my guest list.", "Action: failed\nReporting-MTA: dns; guests.example", recipient("4.7.0", "Sender not pre-approved. Follow the instructions above"), subject="Re: Happy birthday (Action Required)"),
    "receipt": letter("--B\nContent-Type: text/plain\n\nYour message was read on Monday.\n--B\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; ana@reader.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--B--\n", sender=PERSON, subject="Read: Happy birthday", kind='multipart/report; report-type=disposition-notification; boundary="B"'),
    "deleted unread": letter("--B\nContent-Type: text/plain\n\nYour message was deleted without being read on Monday.\n--B\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; ana@reader.example\nDisposition: automatic-action/MDN-sent-automatically; deleted\n--B--\n", sender=PERSON, subject="Not read: Happy birthday", kind='multipart/report; report-type=disposition-notification; boundary="B"'),
    "TLS report": letter("--B\nContent-Type: text/plain\n\nThis is an aggregate TLS report from google.com\n--B\nContent-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: base64\n\nH4sIAAAA\n--B--\n", sender="noreply-smtp-tls-reporting@google.example", subject="Report Domain: news.example Submitter: google.com", kind='multipart/report; report-type=tlsrpt; boundary="B"'),
    "DMARC report": letter("--B\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\nUEsDBAo=\n--B--\n", sender="noreply-dmarc-support@google.example", subject="Report domain: news.example Submitter: google.com Report-ID: 123", kind='multipart/mixed; boundary="B"'),
    "newsletter": letter("Our news of the week! Free delivery to your door. Your message to the editor was not accepted? Write again.\n", sender="News <news@shop.example>", subject="Delivery for free, all week", more="List-Unsubscribe: <https://shop.example/u>\nList-Id: <news.shop.example>\n"),
    "spam": letter("Dear winner, your payment could not be delivered. Contact us at win@spam.example to claim 4.5.6 million.\n", sender="Lottery <win@spam.example>", subject="You have won", more="Reply-To: win@spam.example\n"),
    "parcel that did not come": letter("We were unable to deliver your parcel 550123 to Main street 1. Write to help@courier.example for another day.\n", sender="Courier <noreply@courier.example>", subject="Delivery notification: your parcel could not be delivered"),
    "forwarded mail": letter(f"--B\nContent-Type: text/plain\n\nit shouldn't be considered as bounce\n--B\nContent-Type: message/rfc822\n\n{RETURNED}\n--B--\n", sender=PERSON, subject="original as attachment", kind='multipart/mixed; boundary="B"'),
    "mailbox of one's own": letter("Your mailbox is almost full. 9.8 GB of 10 GB are used. Delete what you do not need.\n", sender="Microsoft Outlook <postmaster@news.example>", subject="Your mailbox quota"),
    "quarantine": letter("These messages have been blocked: from win@spam.example. Release them on the page below.\n", sender="Quarantine <postmaster@news.example>", subject="Daily spam digest"),
    "forwarded bounce": letter("Look what I got, what shall I do?\n\nThis is the mail system.\nYour message could not be delivered to bo@x.example: 550 5.1.1 user unknown\n", sender=PERSON, subject="Fwd: Undelivered Mail Returned to Sender"),
    "complaint about a parcel": letter("My order 450 was not delivered. There was a delivery problem, they say. What now?\n", sender=PERSON, subject="Delivery problem with order 450"),
    "held for a moderator": letter("Your message to 'Friends' with the subject 'Happy birthday' is being held until the list moderator can review it for approval.\n", sender="friends-bounces@lists.example", subject="Your message to Friends awaits moderator approval", more="Precedence: bulk\nList-Id: <friends.lists.example>\n"),
    "success": report("Your message was successfully delivered to the destination(s) listed below.", recipient("2.0.0", action="relayed"), subject="Successful Mail Delivery Report"),
    "maintenance": letter("The mail system will be down tonight; mail may be delayed by 4 hours. Questions to it@news.example.\n", sender="Postmaster <postmaster@news.example>", subject="Mail system maintenance"),
    "order of a shop": letter("Your order 550 has been shipped and will be delivered tomorrow. The courier was unable to find a safe place yesterday.\n", sender="Shop <orders@shop.example>", subject="Your order 550 is on its way"),
    "a ticket that quotes a bounce": letter("Your request (123) has been received: message could not be delivered to bo@x.example 550 5.1.1\n", sender="Support <support@shop.example>", subject="[Request received] Undelivered Mail", more="Auto-Submitted: auto-generated\n"),
    "a payment": letter("Your payment was refused by your bank (5.1.1). Write to bo@x.example\n", sender="billing@shop.example", subject="Payment failure notice"),
    "empty": b"", "one line": b"hello", "only a header": b"Subject: Undeliverable\n",
}  # fmt: skip

HARD_BOUNCE = STATUS_CASES[0][1]

"""The words with which mail programs introduce what they quote, in many languages.

Data only; ``quoting.py`` says what is done with it. Everything is written as it is compared:
after NFKC and case folding.
"""

from __future__ import annotations

from typing import Final

ORIGINAL: Final = """
original message|original mail|original email|original appointment|forwarded message
begin forwarded message|forwarded by|reply message|replied message
ursprüngliche nachricht|originalnachricht|original-nachricht|urspr. nachricht
weitergeleitete nachricht|anfang der weitergeleiteten nachricht|ursprünglicher termin
message d'origine|message d’origine|message original|message initial|message transféré
début du message réexpédié|début du message transféré|courriel original
mensaje original|mensaje reenviado|inicio del mensaje reenviado|correo original
mensagem original|mensagem encaminhada|início da mensagem reencaminhada|missatge original
messaggio originale|messaggio inoltrato|inizio messaggio inoltrato
oorspronkelijk bericht|origineel bericht|doorgestuurd bericht|begin doorgestuurd bericht
ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande
oprindelig meddelelse|original meddelelse|videresendt meddelelse|opprinnelig melding
original melding|videresendt melding|alkuperäinen viesti|välitetty viesti
wiadomość oryginalna|oryginalna wiadomość|treść oryginalnej wiadomości|wiadomość przekazana
původní zpráva|původní e-mail|přeposlaná zpráva|pôvodná správa|preposlaná správa
eredeti üzenet|továbbított üzenet|mesaj original|mesajul original|mesaj redirecționat
izvorna poruka|originalna poruka|izvirno sporočilo|algne kiri|sākotnējais ziņojums
özgün ileti|özgün mesaj|orijinal ileti|orijinal mesaj|asıl ileti|iletilen ileti|iletilmiş mesaj
исходное сообщение|оригинальное сообщение|пересылаемое сообщение|пересланное сообщение
оригінальне повідомлення|вихідне повідомлення|переслане повідомлення|оригинално съобщение
αρχικό μήνυμα|προωθημένο μήνυμα|الرسالة الأصلية|رسالة معاد توجيهها|הודעה מקורית|הודעה שהועברה
原始邮件|原始郵件|原始信件|原邮件|转发邮件|转发的邮件|轉寄郵件|轉寄的郵件|转发邮件信息
元のメッセージ|元のメール|転送メッセージ|転送されたメッセージ|元のメッセージ情報
원본 메시지|원본 메일|원본메일|전달된 메시지|thư gốc|tin nhắn gốc|pesan asli|pesan diteruskan
"""

FROM: Final = """
from|von|absender|de|expéditeur|remitente|remetente|da|mittente|van|afzender|från|avsändare|fra
afsender|avsender|lähettäjä|od|nadawca|odesílatel|odosielateľ|feladó|küldő|expeditor|kimden
gönderen|от|отправитель|від|від кого|от кого|από|αποστολέας|من|מאת|发件人|寄件者|寄件人
差出人|送信者|보낸 사람|보낸사람|từ|người gửi|dari|pengirim|saatja|nuo|pošiljatelj
"""

SENT: Final = """
sent|date|sent on|gesendet|datum|gesendet am|envoyé|envoyé le|date d'envoi|enviado|enviado el
enviada em|enviado em|fecha|data|data/hora|inviato|data invio|verzonden|verzonden op|skickat
skickat den|sendt|dato|lähetetty|päiväys|päivämäärä|pvm|wysłano|data wysłania|odesláno|odoslané
dátum|elküldve|küldve|trimis|trimis la|dată|gönderildi|gönderme tarihi|gönderilme tarihi|tarih
отправлено|дата|дата отправки|отправлен|надіслано|відправлено|изпратено|ημερομηνία|στάλθηκε
تاريخ الإرسال|التاريخ|تم الإرسال|נשלח|תאריך|发送时间|发送日期|发件时间|寄件日期|傳送日期|日期|时间
送信日時|送信日|日時|日付|보낸 날짜|보낸날짜|날짜|đã gửi|ngày|ngày gửi|terkirim|dikirim|tanggal
poslano
"""

TO: Final = """
to|an|empfänger|à|destinataire|para|destinatario|a|aan|till|til|modtager|vastaanottaja|do|komu
címzett|către|kime|alıcı|кому|до|до кого|προς|παραλήπτης|إلى|אל|收件人|收件者|宛先|받는 사람
받는사람|đến|tới|người nhận|kepada|za|cc|kopie|copie|copia|cópia|kopia|kopi|kopio|kópia|másolat
bilgi|копия
копія|κοιν|نسخة|עותק|抄送|副本|참조|reply-to|antwort an|répondre à
"""

SUBJECT: Final = """
subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy
subiect|konu|тема|относно|θέμα|الموضوع|הנושא|נושא|主题|主題|主旨|件名|제목
chủ đề|tiêu đề|subjek|perihal
importance|priority|wichtigkeit|priorität|importancia|attachments|anlagen|pièces jointes
"""

INTRODUCTIONS: Final = """
on|am|le|el|il|il giorno|em|no dia|op|den|på|dne|dňa|w dniu|dnia|în data|la data de|pe
στις|בתאריך|ב-|في|vào|pada|dana|na dan|на|el día
"""
"""What the line begins with, before the day."""

WROTE: Final = """
wrote|writes|has written|schrieb|schrieb folgendes|schreibt|hat geschrieben|a écrit|écrit
escribió|ha escrito|escribio|escreveu|va escriure|ha scritto|scrive|schreef|heeft geschreven
het volgende geschreven|skrev|skrev följande|har skrevet|kirjoitti|napisał|napisała|napisał(a)
pisze|napsal|napsala|napsal(a)|napísal|napísala|napísal(a)|píše|ezt írta|írta|a scris
a scris următoarele|şunu yazdı|şunları yazdı|yazdı|написал|написала|написал(а)|пишет|написав
написала|написав(ла)|пише|написа|έγραψε|كتب|كتبت|כתב|כתבה|כתב/ה|写道|寫道|写到|は書きました
さんは書きました|のメール|님이 작성|님이 작성하였습니다|님이 쓴 글|đã viết|menulis|je napisao
je napisao/la|je napisala|je napisal|napisao je|kirjutas|rašė|rakstīja
"""

WROTE_INSIDE: Final = "schrieb|schreef|skrev|yazdı|schrijft"
"""Verbs after which the writer's name still comes."""

REPLY_ABOVE: Final = """
please write your reply above this line|please type your reply above this line
write your reply above this line|type your reply above this line|reply above this line
please reply above this line|please add your reply above this line|enter your reply above this line
bitte antworten sie oberhalb dieser zeile|bitte antworten sie über dieser linie
bitte geben sie ihre antwort oberhalb dieser linie ein|antworten sie oberhalb dieser zeile
répondez au-dessus de cette ligne|veuillez répondre au-dessus de cette ligne
por favor, escriba su respuesta por encima de esta línea|responda por encima de esta línea
"""


def listed(words: str) -> tuple[str, ...]:
    """The entries of such a list, longest first."""
    found = {word for line in words.split("\n") for word in line.split("|") if word}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))

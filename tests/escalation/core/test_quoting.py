"""What of a comment counts: what is quoted and what nobody sees does not."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.entries import PhraseSpec
from schemas.decided import SuggestionMade
from schemas.vocabulary import REPLY_MARKER, Format
from services.escalation.core.comments import phrases
from services.escalation.core.comments.quoting import is_unseen, own_words
from tests.spec import given as story
from tests.stories import commented, opened

PHRASE = PhraseSpec()


def asks(body: str, form: Format | None = None) -> bool:
    return phrases.holds_phrase(phrases.normalised(body, form), PHRASE.words)


def nearly(body: str) -> bool:
    return phrases.is_near_miss(phrases.normalised(body), PHRASE)


# --- separators of mail programs -------------------------------------------------------------

RULES = [
    "-----Original Message-----", "-------- Original Message --------", "--- Original message:",
    "\u2013\u2013\u2013\u2013Original Message\u2013\u2013\u2013\u2013",
    "_____Original Message_____",
    "---------- Forwarded message ---------", "Begin forwarded message:",
    "-----Ursprüngliche Nachricht-----", "-----Message d\u2019origine-----",
    "-----Message d'origine-----", "-----Mensaje original-----", "-----Messaggio originale-----",
    "-----Mensagem original-----", "-----Oorspronkelijk bericht-----",
    "-----Ursprungligt meddelande-----", "-----Oprindelig meddelelse-----",
    "-----Alkuperäinen viesti-----", "-----Wiadomość oryginalna-----", "-----Eredeti üzenet-----",
    "-----Özgün İleti-----", "-------- Исходное сообщение --------", "-----Αρχικό μήνυμα-----",
    "------------------ 原始邮件 ------------------", "-----元のメッセージ-----",
    "-----원본 메시지-----", "-----Původní zpráva-----", "-----الرسالة الأصلية-----",
    "----- Forwarded by Pat/ACME on 23.11.2026 10:00 -----",
    "##- Please type your reply above this line -##",
    "--- Bitte antworten Sie oberhalb dieser Zeile ---",
]  # fmt: skip
INTRODUCTIONS = [
    "On Mon, 23 Nov 2026 at 10:00, Support <s@x.example> wrote:",
    "On Mon, 23 Nov 2026 at 10:00, Support\n<s@x.example> wrote:",
    "On Mon, 23 Nov 2026 at 10:00, The Customer Care Centre of\nAcme Support\n<s@x.example> wrote:",
    "On 23/11/2026 10:00, Support wrote:", "On Monday, Pat wrote:",
    "Am 23.11.2026 um 10:00 schrieb Support <s@x.example>:",
    "Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Support <\ns@x.example>:",
    "Support <s@x.example> schrieb am Mo., 23. Nov. 2026, 10:00:",
    "Le lun. 23 nov. 2026 à 10:00, Support <s@x.example> a écrit :",
    "Le 23/11/2026 à 10:00, Support a écrit\u00a0:",
    "El lun, 23 nov 2026 a las 10:00, Support (<s@x.example>) escribió:",
    "Em seg., 23 de nov. de 2026 às 10:00, Support <s@x.example> escreveu:",
    "Il giorno lun 23 nov 2026 alle ore 10:00 Support <s@x.example> ha scritto:",
    "Op ma 23 nov. 2026 om 10:00 schreef Support <s@x.example>:",
    "Den mån 23 nov. 2026 kl 10:00 skrev Support <s@x.example>:",
    "Den man. 23. nov. 2026 kl. 10.00 skrev Support <s@x.example>:",
    "ma 23. marrask. 2026 klo 10.00 Support (s@x.example) kirjoitti:",
    "pon., 23 lis 2026 o 10:00 Support <s@x.example> napisał(a):",
    "po 23. 11. 2026 v 10:00 odesílatel Support <s@x.example> napsal:",
    "Support <s@x.example> ezt írta (időpont: 2026. nov. 23., H, 10:00):",
    "În lun., 23 nov. 2026 la 10:00, Support <s@x.example> a scris:",
    "Support <s@x.example>, 23 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    "пн, 23 нояб. 2026 г. в 10:00, Support <s@x.example>:",
    "23.11.2026 10:00, Support пишет:",
    "пн, 23 лист. 2026 р. о 10:00 Support <s@x.example> пише:",
    "Στις Δευ 23 Νοε 2026 στις 10:00 π.μ., ο χρήστης Support <s@x.example> έγραψε:",
    "2026年11月23日(月) 10:00 Support <s@x.example>:",
    "在 2026-11-23 10:00:00,Support <s@x.example> 写道\uff1a",
    "2026년 11월 23일 (월) 오전 10:00, Support <s@x.example>님이 작성:",
    "Vào Th 2, 23 thg 11, 2026 vào lúc 10:00 Support <s@x.example> đã viết:",
    "---- On Mon, 23 Nov 2026 10:00:00 +0100 Support <s@x.example> wrote ----",
]  # fmt: skip
BLOCKS = [
    "From: Support\nSent: Monday\nTo: Pat\nSubject: x",
    "*From:* Support <s@x.example>\n*Sent:* Monday\n*To:* Pat",
    "Von: Support\nGesendet: Montag\nAn: Pat", "De : Support\nEnvoyé : lundi\nÀ : Pat\nObjet : x",
    "De: Support\nEnviado el: lunes\nPara: Pat\nAsunto: x", "Da: Support\nInviato: lunedì\nA: Pat",
    "Van: Support\nVerzonden: maandag\nAan: Pat", "Od: Support\nWysłano: poniedziałek\nDo: Pat",
    "Subject: Help\nDate: Mon\nFrom: Support\nTo: Pat", "From: Support\n\nSent: Monday\n\nTo: Pat",
    "发件人: Support\n发送时间: 2026年\n收件人: Pat", "差出人: Support\n送信日時: 2026\n宛先: Pat",
    "보낸 사람: Support\n보낸 날짜: 2026", "От: Support\nДата: пн\nКому: Pat",
    "From: Support\nTo: Pat <p@x.example>,\n Quinn <q@x.example>\nSubject: x",
    "________________________________\nFrom: Support",
]  # fmt: skip


@pytest.mark.rule("001-11")
@pytest.mark.parametrize("form", ["plain", "html"])
@pytest.mark.parametrize("separator", [*RULES, *INTRODUCTIONS, *BLOCKS])
def test_below_the_separator_of_a_mail_program_all_is_quoted(separator: str, form: Format) -> None:
    body = f"Thanks, solved.\n\n{separator}\n\nwrite escalation request, or an escalaton request"
    if form == "html":
        body = "<div>" + html.escape(body).replace("\n", "<br>") + "</div>"
    assert phrases.normalised(body, form).startswith("thanks, solved.")
    assert not asks(body, form)
    assert not phrases.is_near_miss(phrases.normalised(body, form), PHRASE)


@pytest.mark.rule("001-11")
@pytest.mark.parametrize("separator", [*RULES, *INTRODUCTIONS, *BLOCKS])
def test_above_it_all_counts(separator: str) -> None:
    assert asks(f"This is an escalation request.\n\n{separator}\nold words")
    alone = phrases.normalised(f"Escalation request!\n\n{separator}\nold words")
    assert phrases.is_bare(alone, PHRASE.words), "nothing of the separator is the author's"


@pytest.mark.rule("001-11")
@pytest.mark.parametrize(
    "body",
    [
        "On Monday I wrote: escalation request, and nobody answered",
        "Dear team,\nescalation request\nFrom: the whole of our team",
        "I got the original message. escalation request",
        "Date: 23.11.2026\nescalation request", "To: the manager\nescalation request",
        "-----\nescalation request\n-----", "Problem: x\nImpact: y\nescalation request: now",
        "- original idea\n- escalation request", "The log says 10:00:\nescalation request",
        "Wir schrieben Ihnen schon:\nescalation request", "________________\nescalation request",
        "Hello support@x.example:\nescalation request please", "a <= b\nescalation request",
        "escalation request\n--\nPat\nSent from my phone", "1 > 0\nescalation request",
    ],
)  # fmt: skip
def test_ones_own_words_are_not_taken_for_a_separator(body: str) -> None:
    assert asks(body)


# --- our own mails ---------------------------------------------------------------------------


@pytest.mark.rule("001-13")
@pytest.mark.parametrize(
    "marker",
    [REPLY_MARKER, f"ok {REPLY_MARKER} Hello Pat", REPLY_MARKER.replace(" reply", "\nreply")],
)
def test_below_the_marker_of_our_own_mails_nothing_counts(marker: str) -> None:
    body = f"I am away.\n{marker}\nYour words come close to \u201cescalation request\u201d."
    assert not asks(body)
    assert asks(f"escalation request\n{body}")


@pytest.mark.rule("001-13")
def test_a_hint_that_an_auto_reply_brings_back_is_no_request() -> None:
    hint = "Your comment comes close to the words \u201cescalation request\u201d."
    back = f"I am out of the office.\n\n{REPLY_MARKER}\nHello Pat,\n\n{hint}"
    told = story(opened(), commented("an escalaton reqest"), default="comment-phrase")
    told.when(commented(back, automatic=False)).then_nothing()
    told.when(commented(hint, automatic=True)).then_nothing()


# --- what cannot be seen ---------------------------------------------------------------------

UNSEEN = "\u200b\u200c\u200d\u2060\u00ad\u200e\u202e\u2066\ufeff\u034f\ufe0f\U000e0101\u180e\u061c"


@pytest.mark.rule("001-11")
@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_cannot_be_seen_neither_parts_nor_joins(unseen: str) -> None:
    assert is_unseen(unseen)
    assert asks(f"escal{unseen}ation{unseen} request{unseen}: now")
    assert not asks(f"de{unseen}escalation request")
    assert not asks(f"{unseen}> escalation request")


BODIES = st.lists(
    st.sampled_from(
        ["escalation", "request", "Escalation request", " ", "\n", "\r\n", "> ", "-", "\u2013", "x",
         "1", "escalaton reqest", "From: a", "To: b", "On 1 May 2026 10:00, b <c@d> wrote:",
         "\u0130",
         "-----Original Message-----", REPLY_MARKER, "\t", "\u2028"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@pytest.mark.rule("001-11")
@given(BODIES, st.data())
def test_inserting_what_cannot_be_seen_changes_no_answer(body: str, data: st.DataObject) -> None:
    changed = body
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(changed)))
        changed = changed[:at] + data.draw(st.sampled_from(UNSEEN)) + changed[at:]
    assert (asks(changed), nearly(changed)) == (asks(body), nearly(body))


@pytest.mark.rule("001-11")
@given(st.one_of(BODIES, st.text()))
def test_a_comment_whose_every_line_is_quoted_says_nothing(body: str) -> None:
    quoted = "\n".join(f"> {line}" for line in body.splitlines())
    assert own_words(quoted, None) == ""
    assert own_words(html.escape(quoted), "html") == ""


@given(st.text(), st.sampled_from(["plain", "html", None]))
def test_any_text_can_be_read(body: str, form: Format | None) -> None:
    text = phrases.normalised(body, form)
    assert phrases.is_bare(text, PHRASE.words) in (True, False)


# --- whole words -----------------------------------------------------------------------------

DASHES = (
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u207b\u058a\u05be\u2e3a\u301c\ufe58\ufe63\uff0d"
)


@pytest.mark.rule("001-11")
@pytest.mark.parametrize("edge", [*DASHES, "x", "\u00e9", "\u4e00", "7", "\u0663", "\u00b2"])
def test_a_letter_a_digit_or_a_dash_of_any_kind_makes_another_word(edge: str) -> None:
    assert not asks(f"a {edge}escalation request b")
    assert not asks(f"a escalation request{edge} b")


@pytest.mark.rule("001-11")
@pytest.mark.parametrize("edge", '.,;:!?()[]"\u201e\u201c/_*#\u2026\u3002|')
def test_other_characters_may_stand_beside_it(edge: str) -> None:
    assert asks(f"a {edge}escalation request{edge} b")


@pytest.mark.rule("001-11")
@pytest.mark.parametrize(
    "body",
    ["ESCALAT\u0130ON request", "escalation\u3000request", "\uff25scalation\u2003\n\trequest",
     "e\uff53calation request", "escalation\u00a0\u2028request"],
)  # fmt: skip
def test_forms_of_a_letter_and_kinds_of_space_are_one(body: str) -> None:
    assert asks(body)


def test_the_phrase_of_a_policy_is_read_as_comments_are() -> None:
    spec = PhraseSpec(words="Bitte  ESKALIEREN")
    text = phrases.normalised("bitte\neskalieren!")
    assert phrases.holds_phrase(text, spec.words)
    assert phrases.is_bare(text, spec.words)
    assert not phrases.holds_phrase(text, "\u200b")


# --- HTML ------------------------------------------------------------------------------------


@pytest.mark.rule("001-11")
@pytest.mark.parametrize(
    "body",
    [
        "<p>Good day,</p><p>escalation&nbsp;request</p>", "<b>Escalation</b> request",
        "e<i>scal</i>ation&#32;request", "escalation<br/>request", "<td>escalation</td><td>request",
        "&#101;scalation &#x72;equest", "escal&shy;ation request", "<p>Hi<p>escalation request",
        "<blockquote>old</blockquote>escalation request", "a<!-- > --><p>escalation request</p>",
        '<a title="a > b">escalation</a> request', "1 < 2 escalation request",
        "</blockquote>escalation request", "<script>if (a<b) {}</script>escalation request",
        "<ul><li>x<li>escalation request</ul>", "<BLOCKQUOTE>x</BlockQuote>escalation request",
        "<img src=x>escalation request", "&#99999999999999999999;escalation request",
        "<blockquote>x<blockquote>y</blockquote>z</blockquote> escalation request",
    ],
)  # fmt: skip
def test_html_is_read_as_its_text(body: str) -> None:
    assert asks(body, "html")


@pytest.mark.rule("001-11")
@pytest.mark.parametrize(
    "body",
    [
        "Solved, thank you.\n&gt; write escalation request if it is urgent",
        "Solved, thank you.<blockquote>write escalation request</blockquote>",
        "<p>Solved.</p><p>&#62; escalation request</p>",
        "<div>&gt;</div> <div>&gt; escalation request",
        '<blockquote type="cite"><p>a<blockquote>b</blockquote>escalation request</blockquote>',
        "<script>escalation request</script>", "<style>/* escalation request */</style>",
        "<!-- escalation request -->", "<title>escalation request</title>Solved",
        "de<b>escalation</b> request", "de&shy;escalation request", "de&ndash;escalation request",
        "<blockquote>never closed, escalation request", '<a title="escalation request">x</a>',
        "<b>From:</b> Support<br><b>Sent:</b> Monday<br><b>To:</b> Pat<p>escalation request",
        "&lt;!-- escalation&lt;b&gt; request", "<SCRIPT>x</scripty>escalation request</SCRIPT>",
    ],
)  # fmt: skip
def test_what_html_quotes_or_hides_does_not_count(body: str) -> None:
    assert not asks(body, "html")


@pytest.mark.rule("001-11")
def test_without_a_format_a_comment_is_plain_text() -> None:
    assert not asks("<b>Escalation</b> request")
    told = story(opened(), default="comment-phrase")
    body = "<b>Escalation</b> request"
    assert not [one for one in told.when(commented(body)).decisions if one.name == "accepted"]
    told.when(commented(body, format="html")).then_accepted(channel="comment")
    decisions = told.when(commented("<blockquote>escalaton reqest", format="html")).decisions
    assert not [one for one in decisions if isinstance(one, SuggestionMade)]


# --- time ------------------------------------------------------------------------------------

LARGEST = 256 * 1024
WORST = [
    "a ", "x\n", "on ", "> ", "\n", "from: \n", "from: x\nfoo\n", "a:\n", "x wrote:\n", "schrieb",
    "10:00 <a@b>:\n", "-\n", "-", "escalation request ", "escalation requestx ", "(", "wrote (",
    "<", "escalatixx reqxxst ", "<a ", "<!--", "<blockquote>", "<div>", "<script></script ", "&",
    "&#1",
    "<a ='", "</", "<a b=\"", "please write your reply above this ",
]  # fmt: skip


@pytest.mark.parametrize("form", ["plain", "html"])
@pytest.mark.parametrize("unit", WORST)
def test_the_longest_comment_of_any_kind_is_read_in_linear_time(unit: str, form: Format) -> None:
    body = (unit * LARGEST)[:LARGEST]
    began = time.process_time()
    text = phrases.normalised(body, form)
    phrases.is_near_miss(text, PHRASE)
    phrases.is_bare(text, PHRASE.words)
    # A quarter of a second, some with every call counted; quadratic would be minutes.
    assert time.process_time() - began < 20

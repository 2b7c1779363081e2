"""The patient's screen against one written by hand from the records, and what holds of any child.

LOST is drawn from day -10 (the endoscopy) to day 224 (the stop) on 55 columns, so that a day is
54 / 234 of a column: day 0 in column 2, day 98 in 25, day 154 in 38, day 210 in 51.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from registry.drawing.lines import ASCII, UNICODE, Glyphs, columns, text_of
from registry.patient.screen import patient_screen
from tests.patient.conftest import HAND_MADE, RANDOM, Read

LOST = """\
LOST · male · CD · centre BCH
Age         9 at onset · 11 at the first infusion on 2020-01-06 · {age} now
Paris       A1b L3 B1 p G0, 2020-01-06
Status      Lost response on 2020-06-08.
            Induction outcome: remission (remission is W below 10)
            End of observation: 2020-08-17: infliximab was stopped (first of
            recorded end and data cut 2023-12-31)
            Loss of response: PCDAI 22.5 on 2020-06-08; last visit without loss
            2020-04-13 (first PCDAI above 15 after 2020-04-13, up to 2020-08-17)
Mechanism   pharmacokinetic: trough low, antibodies undetected no cut off;
            advice: raise the dose, shorten the interval or add an
            immunomodulator
            antibodies undetected, cut-off of the assay not known
After loss  optimised · intensified on 2020-06-08 · response regained
Definition  paper ({hash}), data cut 2023-12-31

    │                                                      ┊
 40 │  B                                                   ┊
    │   ··                                                 ┊
    │     ··                                               ┊
    │       ·                                              ┊
 30 │        ··                                            ┊
    │          ··                                          ┊
    │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┊ response: to 25
    │             ··                       L·              ┊
 20 │               ·                    ··  ··            ┊
    │                ··                ··      ···         ┊
    │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┊ loss: above 15
    │                    ·         ··                ··    ┊
 10 │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌●╌╌┊ remission: below 10
    │                       ·· ··                          ┊
    │                         W                            ┊
    │                                                      ┊
  0 │                                                      ┊
    └──┴─────────────┴─────────────┴──────────────┴─────────
       0             2             4              6          months from start
     2020-01      2020-03       2020-05        2020-07
       ╷   ╷     ╷            ╷            ▲            ╷    infusions
       5.0 5.0   5.0          5.0          8.0          5.0  mg/kg
                              <0.4-       9.5           8+   levels, ug/mL
     ◀████████████████                                       azathioprine
                                           ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▶ prednisone
     E                                               S     X events
B baseline: 40 on 2020-01-06 · W week 14: 5 on 2020-04-13 (remission)
L loss: 22.5 on 2020-06-08 · ● visit · ┊ end of observation 2020-08-17
▲ intensified · - low trough, + at or above its threshold, ? not told by a limit
E endoscopy · S surgery · X end of follow-up

Infusions
No  Date         mg  kg  mg/kg  days
 1  2020-01-06  150  30   5.00     –
 2  2020-01-20  150  30   5.00    14
 3  2020-02-17  150  30   5.00    28
 4  2020-04-13  150  30   5.00    56
 5  2020-06-08  240  30   8.00    56  ▲ dose up
 6  2020-08-03  150  30   5.00    56

Drug levels
Date        ug/mL  Before       Threshold   ADA, AU/mL                 Assay
2020-04-13   <0.4  week 14      below 12.7  <10 undetected no cut off  ELISA
2020-06-04    9.5  maintenance  no trough   not measured               ELISA
2020-08-03      8  maintenance  above 5     not measured

Other drugs
2019-12-07 - 2020-03-06  azathioprine (immunomodulator)
2020-06-08 - still taken  prednisone (glucocorticoid)

Last laboratory values
     Value        Limit         Date
CRP    <20  mg/L  ? above 12    2020-04-13
ESR     20  mm/h  not above 20  2020-04-13
HCT     34  %                   2020-04-13
HGB    109  g/L   ↓ below 110   2020-04-13

Phenotype
2020-01-06  L3 B1 p G0

Genes
2020-02-05  XIAP c.664C>T p.(Arg222Ter)

Endoscopy
2019-12-27  CDEIS 12

Surgery
2020-07-24  fistulotomy

Conditions
2020-01-11 - unresolved  other

End of follow-up
2020-08-17  ifx stopped

Not recorded: anthropometry, adverse events, consents."""


def screen(document: dict[str, Any], width: int, glyphs: Glyphs = UNICODE, **options: Any) -> str:
    lines = patient_screen(document, width, glyphs, **options)
    return "\n".join(text_of(line) for line in lines)


def test_a_course_with_a_loss(read: Read) -> None:
    document = read("LOST")
    today = date.today()
    age = today.year - 2008 - ((today.month, today.day) < (5, 1))
    expected = LOST.format(age=age, hash=document["definition"]["hash"][:12])
    assert screen(document, 80).splitlines() == expected.splitlines()


def test_the_same_in_ascii(read: Read) -> None:
    shown = screen(read("LOST"), 80, ASCII).splitlines()
    assert " 40 |  B                                                   :" in shown
    assert "     <################                                       azathioprine" in shown
    assert "       |   |     |            |            ^            |    infusions" in shown
    assert " 5  2020-06-08  240  30   8.00    56  ^ dose up" in shown
    assert "HGB    109  g/L   L below 110   2020-04-13" in shown


def test_nothing_but_a_name(read: Read) -> None:
    shown = screen(read("NOBODY"), 80).splitlines()
    assert shown[2] == "Status      Not in the cohort: no infliximab."
    assert "Nothing dated is recorded." in shown
    assert shown[-3].startswith("Not recorded: pcdai visits, infusions, ")


def test_one_visit_and_no_infusion(read: Read) -> None:
    """Four weeks from the visit on, with dates alone, and no threshold of response."""
    shown = screen(read("ONEVISIT"), 80).splitlines()
    assert " 30 │○" in shown
    assert "     2020-01-06            2020-01-20             2020-02-03" in shown
    assert not any("response" in line for line in shown)


def test_one_infusion_and_no_visit(read: Read) -> None:
    shown = screen(read("ONEINFUSION"), 80).splitlines()
    assert "Status      Not in the cohort: fewer than four infusions." in shown
    assert "     ╷                                                       infusions" in shown
    assert not any("remission" in line for line in shown)


def test_what_is_dated_after_the_data_cut_is_shown_and_said(read: Read) -> None:
    shown = screen(read("AFTERCUT"), 100).splitlines()
    said = "after the data cut, shown but not judged: pcdai visits 1, infusions 1"
    assert f"            {said}" in shown
    assert " –  2024-02-14  150  30   5.00     –  after the data cut" in shown
    assert any(line.startswith(" 30 │") and line.endswith("○") for line in shown)


def test_who_did_not_respond_is_held_to_the_fall(read: Read) -> None:
    shown = screen(read("WEAK"), 100).splitlines()
    assert "Status      Not in the cohort: primary non-response." in shown
    assert any(line.endswith(" response: to 25") for line in shown)
    assert "2020-01-20    >20  week 2   undetermined 29  not measured  ELISA" in shown


def test_a_definition_that_asks_for_a_rise_draws_it(read: Read) -> None:
    document = read("WEAK")
    document["definition"] |= {"lor_requires_rise": True, "response_at_most": None}
    assert any(line.endswith("loss: also above 27.5") for line in screen(document, 90).splitlines())


def test_a_definition_that_asks_for_two_visits_says_so(read: Read) -> None:
    document = read("LOST")
    document["definition"] |= {"lor_confirmations": 2}
    assert any(line.endswith(" loss: above 15 twice") for line in screen(document, 80).splitlines())


def test_a_long_table_shows_its_end_and_says_so(read: Read) -> None:
    document = read("LOST")
    [first, *_] = document["infusions"]
    document["infusions"] = tuple(first | {"number": number} for number in range(1, 21))
    shown = screen(document, 80).splitlines()
    start = shown.index("Infusions")
    assert shown[start + 1] == "... 8 earlier; --all shows them"
    assert [line.split()[0] for line in shown[start + 3 : start + 15]] == [
        str(number) for number in range(9, 21)
    ]
    everything = screen(document, 80, everything=True)
    assert "earlier" not in everything
    assert everything.count("2020-01-06  150  30   5.00") == 20


def test_words_that_would_move_the_cursor_do_not(read: Read) -> None:
    document = read("LOST")
    [surgery] = document["surgeries"]
    document["surgeries"] = (surgery | {"procedure": "a\x1b[2Jb\nc\u202ed"},)
    assert "2020-07-24  a [2Jb c d" in screen(document, 80).splitlines()


def test_words_of_wide_signs_keep_to_the_width(read: Read) -> None:
    document = read("LOST")
    [surgery] = document["surgeries"]
    document["surgeries"] = (surgery | {"procedure": "肛瘘切开术" * 12},)
    lines = [text_of(line) for line in patient_screen(document, 80, UNICODE)]
    assert max(map(columns, lines)) <= 80
    assert sum(line.count("肛瘘切开术") for line in lines) >= 9


@pytest.mark.parametrize("width", [60, 80, 109, 110, 200])
def test_no_line_of_any_child_is_wider_than_the_screen(read: Read, width: int) -> None:
    names = [*RANDOM, *(records["patients"][0]["patient_id"] for records in HAND_MADE)]
    for name in names:
        document = read(name)
        for glyphs in (UNICODE, ASCII):
            shown = screen(document, width, glyphs, everything=width == 80).splitlines()
            assert max(map(columns, shown)) <= width, (name, width)
            assert glyphs is UNICODE or all(line.isascii() for line in shown), name
            assert not any(line.endswith(" ") for line in shown)
            assert any(document["explanation"]["conclusion"][:20] in line for line in shown)

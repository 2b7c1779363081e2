"""Interval, competing event and ADaM's rows of children who leave in every way there is."""

from __future__ import annotations

import pytest

from registry.derivation.explanation import explain
from tests.views.clinic import START, Clinic, child, on
from tests.views.conftest import OpenClinic

CHILDREN = [
    child("A1", scores={0: "40", 98: "5", 130: "15", 160: "20"}, end=(300, "ifx_stopped")),
    child("A2", scores={0: "40", 98: "5", 250: "15"}, end=(300, "ifx_stopped")),
    child("A3", end=(300, "transferred_to_adult_care")),
    child("A4", end=(300, "died")),
    child("A5", end=(300, "lost_to_follow_up")),
    child("A6", scores={0: "40", 98: "5", 400: "0"}),
    # Lost on the day of the stop: a loss.
    child("A7", scores={0: "40", 98: "5", 300: "20"}, end=(300, "ifx_stopped")),
    # Above the threshold at week 14 already: no visit shows the time before the loss.
    child("A8", scores={0: "40", 98: "17.5", 200: "20"}, end=(300, "died")),
    # A high score once, which one definition wants to see twice.
    child("A9", scores={0: "40", 90: "5", 120: "20", 140: "5", 170: "20", 190: "25"}),
    child("A0", infusions=[0, 14, 42]),
]
CUT = "2021-06-01"
CUT_DAY = 512


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic) -> Clinic:
    return open_clinic(
        CHILDREN,
        definitions={
            "early": [f"data_cut={CUT}"],
            "tail": [f"data_cut={CUT}", "exposure_tail_days=200"],
            "clock14": [f"data_cut={CUT}", "time_zero=week14_visit"],
            "twice": [f"data_cut={CUT}", "lor_confirmations=2"],
        },
    )


def test_the_cut_lies_where_the_tables_say() -> None:
    assert (START.fromisoformat(CUT) - START).days == CUT_DAY


def test_intervals(clinic: Clinic) -> None:
    clinic.check(
        "interval_censored",
        """
        patient_id  entry_days  left_days  right_days  last_negative_on  event
        A1          98          130        160         d130              yes
        A2          98          250        -           d250              no
        A3          98          98         -           d98               no
        A4          98          98         -           d98               no
        A5          98          98         -           d98               no
        A6          98          400        -           d400              no
        A7          98          98         300         d98               yes
        A8          98          98         200         -                 yes
        A9          90          90         120         d90               yes
        """,
        "definition = 'early'",
    )
    clinic.check(
        "interval_censored",
        """
        patient_id  origin_on  entry_days  left_days  right_days  left_on  right_on
        A1          d98        0           32         62          d130     d160
        A8          d98        0           0          102         d98      d200
        A9          d90        0           0          30          d90      d120
        """,
        "definition = 'clock14' and patient_id in ('A1', 'A8', 'A9')",
    )
    clinic.check(
        "interval_censored",
        """
        patient_id  left_days  right_days
        A1          130        -
        A9          140        170
        """,
        "definition = 'twice' and patient_id in ('A1', 'A9')",
    )


def test_competing_events(clinic: Clinic) -> None:
    clinic.check(
        "competing_events",
        """
        patient_id  time_days  event_code  event_type                 censor_reason
        A1          160        1           loss_of_response           -
        A2          300        2           ifx_stopped                ifx_stopped
        A3          300        3           transferred_to_adult_care  transferred_to_adult_care
        A4          300        4           died                       died
        A5          300        0           censored                   lost_to_follow_up
        A6          512        0           censored                   data_cut
        A7          300        1           loss_of_response           -
        A8          200        1           loss_of_response           -
        A9          120        1           loss_of_response           -
        """,
        "definition = 'early'",
    )
    clinic.check(
        "competing_events",
        """
        patient_id  ended_on  entry_days  time_days  event_code  censor_reason
        A2          d298      98          298        0           exposure_ended
        A6          d298      98          298        0           exposure_ended
        """,
        "definition = 'tail' and patient_id in ('A2', 'A6')",
    )
    clinic.check(
        "competing_events",
        """
        patient_id  origin_on  ended_on  entry_days  time_days  event_code
        A1          d98        d160      0           62         1
        A2          d98        d300      0           202        2
        """,
        "definition = 'clock14' and patient_id in ('A1', 'A2')",
    )


def test_adtte(clinic: Clinic) -> None:
    """Numbers above 0 are reasons of censoring; the second parameter ends at the last visit."""
    clinic.check(
        "adtte",
        """
        usubjid  paramcd  startdt  adt   aval  cnsr
        A1       TTLOR    d0       d160  160   0
        A1       TTLORV   d0       d160  160   0
        A2       TTLOR    d0       d300  300   1
        A2       TTLORV   d0       d250  250   1
        A3       TTLOR    d0       d300  300   2
        A3       TTLORV   d0       d98   98    2
        A4       TTLOR    d0       d300  300   4
        A4       TTLORV   d0       d98   98    4
        A5       TTLOR    d0       d300  300   3
        A5       TTLORV   d0       d98   98    3
        A6       TTLOR    d0       d512  512   6
        A6       TTLORV   d0       d400  400   6
        """,
        "definition = 'early' and usubjid < 'A7' and usubjid > 'A0'",
    )
    clinic.check(
        "adtte",
        """
        usubjid  paramcd  evntdesc                   cnsdtdsc
        A1       TTLOR    Loss of response           -
        A1       TTLORV   Loss of response           -
        A2       TTLOR    Infliximab stopped         End of observation
        A2       TTLORV   Infliximab stopped         Last scored visit of the observation
        A3       TTLOR    Transferred to adult care  End of observation
        A3       TTLORV   Transferred to adult care  Last scored visit of the observation
        A4       TTLOR    Died                       End of observation
        A4       TTLORV   Died                       Last scored visit of the observation
        A5       TTLOR    Lost to follow-up          End of observation
        A5       TTLORV   Lost to follow-up          Last scored visit of the observation
        A6       TTLOR    Data cut                   End of observation
        A6       TTLORV   Data cut                   Last scored visit of the observation
        """,
        "definition = 'early' and usubjid < 'A7' and usubjid > 'A0'",
    )
    clinic.check(
        "adtte",
        """
        usubjid  paramcd  adt   srcdom         srcvar
        A1       TTLOR    d160  pcdai_visit    visited_on
        A1       TTLORV   d160  pcdai_visit    visited_on
        A2       TTLOR    d300  follow_up_end  ended_on
        A2       TTLORV   d250  pcdai_visit    visited_on
        A3       TTLOR    d300  follow_up_end  ended_on
        A3       TTLORV   d98   pcdai_visit    visited_on
        A4       TTLOR    d300  follow_up_end  ended_on
        A4       TTLORV   d98   pcdai_visit    visited_on
        A5       TTLOR    d300  follow_up_end  ended_on
        A5       TTLORV   d98   pcdai_visit    visited_on
        A6       TTLOR    d512  definition     data_cut
        A6       TTLORV   d400  pcdai_visit    visited_on
        """,
        "definition = 'early' and usubjid < 'A7' and usubjid > 'A0'",
    )
    clinic.check(
        "adtte",
        """
        usubjid  paramcd  startdt  adt   aval  cnsr  evntdesc
        A6       TTLOR    d0       d298  298   5     Exposure to infliximab ended
        A6       TTLORV   d0       d98   98    5     Exposure to infliximab ended
        """,
        "definition = 'tail' and usubjid = 'A6'",
    )
    clinic.check(
        "adtte",
        """
        usubjid  paramcd  srcdom       srcvar
        A6       TTLOR    infusion     infused_on
        A6       TTLORV   pcdai_visit  visited_on
        """,
        "definition = 'tail' and usubjid = 'A6'",
    )
    clinic.check(
        "adtte",
        """
        usubjid  paramcd  startdt  adt   aval  cnsr
        A3       TTLOR    d98      d300  202   2
        A3       TTLORV   d98      d98   0     2
        """,
        "definition = 'clock14' and usubjid = 'A3'",
    )


def test_the_record_that_decides(clinic: Clinic) -> None:
    """The last infusion where its tail ends the observation; none where the data cut does."""
    clinic.check(
        "status",
        """
        patient_id  definition  end_on  censor_reason   deciding_table  deciding_on
        A2          early       d300    ifx_stopped     follow_up_end   d300
        A2          tail        d298    exposure_ended  infusion        d98
        A6          early       d512    data_cut        -               -
        A6          tail        d298    exposure_ended  infusion        d98
        """,
        "patient_id in ('A2', 'A6') and definition in ('early', 'tail')",
    )
    with clinic.database.engine.connect() as connection:
        ends = {
            name: next(
                (step.table, step.on)
                for step in explain(connection, "A6", name).rules
                if step.rule == "End of observation"
            )
            for name in ("early", "tail")
        }
    assert ends == {"early": (None, None), "tail": ("infusion", on(98))}

"""What a hospital sees beforehand is what leaves it, and what is kept of it."""

from __future__ import annotations

from sqlalchemy import text

from registry.study.keys import read_json
from tests.study.conftest import NAMES, Network

SENT = ("study", "sent", "--format", "json")
FIRST_INFUSION = text(
    "select patient_id, min(infused_on) from analytics.survival join analytics.infusion "
    "using (patient_id) where definition = 'paper' group by 1 order by 1 limit 1"
)


def test_what_was_checked_leaves_and_is_kept(network: Network) -> None:
    assert network.new("seen", "--analysis", "flow,table1").status == 0
    checked = network.check("East", network.file("seen.json"), "--format", "json").document
    outcome, file = network.answer("East", network.file("seen.json"))
    assert outcome.status == 0, outcome
    assert read_json(file)["body"]["numbers"] == checked["numbers"]
    sent = ("study", "sent", "--numbers", "--format", "json")
    [kept] = network.run(network.hospitals["East"], *sent).document
    assert read_json(file) in kept.values()
    assert network.run(network.hospitals["South"], *sent).document == []


def test_more_rounds_than_a_registry_answers_are_refused_with_the_setting(network: Network) -> None:
    assert network.new("long", "--analysis", "flow", "--rounds", "21").status == 0
    outcome, file = network.answer("East", network.file("long.json"))
    said = outcome.refused(1)
    assert "asks for up to 21 rounds; this registry answers 20 of a study" in said
    assert "registry disclosure --rounds" in said
    assert not file.exists()


def test_a_masked_study_by_files_tells_sums_alone(network: Network) -> None:
    made = network.new("hidden", "--analysis", "flow,table1", "--masked")
    assert made.status == 0, made
    assert "each is random by itself" in made.out
    answers, envelope = [], network.file("hidden.json")
    for number in (1, 2):
        checked = network.check("East", envelope)
        assert ("No number leaves" in checked.out) == (number == 1)
        for name in NAMES:
            outcome, file = network.answer(name, envelope)
            assert outcome.status == 0, outcome
            answers.append(file)
        following = network.file(f"hidden-{number + 1}.json")
        combined = network.combine(answers, following)
        assert combined.status == 0, combined
        envelope = following
    assert "Masked sums are opened of: East, North, South." in checked.out
    sent = network.run(
        network.hospitals["East"], "study", "sent", "--numbers", "--format", "json"
    ).document
    assert [len(one["content"]["body"]["masked"]) for one in sent] == [1, 1]
    flow = read_json(envelope)["body"]["documents"]["flow"]
    assert flow["eligible"] == sum(children(network, name) for name in NAMES)
    shown = network.show(envelope)
    assert "North" in shown.out
    for name, file in zip(NAMES, answers[3:], strict=True):
        text = network.show(file).out
        assert "masked. Each is random" in text
        assert str(children(network, name)) not in text


def children(network: Network, name: str) -> int:
    """In the cohort of one hospital."""
    with network.hospitals[name].engine.connect() as connection:
        counted = connection.execute(
            text("select count(*) from analytics.survival where definition = 'paper'")
        )
        return int(counted.scalar_one())


def test_more_studies_over_a_definition_than_a_registry_answers_are_refused(
    network: Network,
) -> None:
    north = network.hospitals["North"]

    def allow(number: int) -> None:
        reason = ("--reason", "a test")
        assert network.run(north, "disclosure", "--studies", str(number), *reason).status == 0

    for name in ("before", "after"):
        assert network.new(name, "--analysis", "flow").status == 0
    assert network.answer("North", network.file("before.json"))[0].status == 0
    allow(1)
    try:
        outcome, file = network.answer("North", network.file("after.json"))
        assert "over this definition" in outcome.refused(1)
        assert "registry disclosure --studies" in outcome.err
        assert not file.exists()
    finally:
        allow(5)
    assert network.answer("North", network.file("after.json"))[0].status == 0


def test_an_answer_from_a_freeze_is_of_the_data_of_then(network: Network) -> None:
    east = network.hospitals["East"]
    reason = ("--reason", "a test")
    for name in ("first", "second"):
        assert network.new(name, "--analysis", "flow").status == 0
    assert network.run(east, "freeze", "create", "then", *reason).status == 0
    frozen = ("--freeze", "then")
    with east.engine.connect() as connection:
        child, day = connection.execute(FIRST_INFUSION).one()
    assert network.run(east, "infusion", "void", child, str(day), *reason).status == 0
    outcome, file = network.answer("East", network.file("first.json"), *frozen)
    assert outcome.status == 0, outcome
    # What has changed since is one child's: the two answers together would tell of it.
    outcome, refused = network.answer("East", network.file("second.json"))
    assert "nearly the same children" in outcome.refused(1)
    assert "Answer from the same data: --freeze then" in outcome.err
    assert not refused.exists()
    outcome, again = network.answer("East", network.file("second.json"), *frozen)
    assert outcome.status == 0, outcome
    numbers = [read_json(one)["body"]["numbers"] for one in (file, again)]
    assert numbers[0] == numbers[1]
    kept = network.run(east, *SENT).document
    assert [one["freeze"] for one in kept] == ["then", "then"]

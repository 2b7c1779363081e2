"""What a hospital sees beforehand is what leaves it, and what is kept of it."""

from __future__ import annotations

from registry.study.keys import read_json
from tests.study.conftest import Network


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

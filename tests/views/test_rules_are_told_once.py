"""What is told of a rule stands in its file's header, once, and every teller reads it there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from gettext import translation
from pathlib import Path
from string import Formatter

from sqlalchemy import Connection, text

from registry.analysis.basis import basis_of
from registry.derivation.explanation import OUTCOME
from registry.models.definition import Definition
from registry.variables import DAYS_PER_MONTH
from registry.views import headers as rule_words
from registry.views.headers import OF_A_RULE, Header, Sentence, read_header
from registry.words import DOMAIN, LOCALES, spoken

PACKAGE = Path(__file__).parents[2] / "registry"
FILES = [
    path for folder in ("rules", "analytics") for path in (PACKAGE / "views" / folder).glob("*.sql")
]
HEADERS = {path: read_header(path.read_text(encoding="utf-8")) for path in FILES}
EXCLUSIONS = (PACKAGE / "views" / "analytics" / "eligibility.sql").read_text(encoding="utf-8")


def named_in(sentence: Sentence) -> set[str]:
    """Whatever a sentence is filled with or depends on."""
    places = {name for _, name, _, _ in Formatter().parse(sentence.words) if name}
    return places | ({sentence.name} if sentence.name else set())


def sentences(header: Header) -> list[Sentence]:
    """All that is said of a patient."""
    of_rules = (one for told in header.told for said in told.sentences.values() for one in said)
    return [*of_rules, *(one for said in header.parts.values() for one in said)]


def test_every_parameter_is_declared_by_one_rule_which_tells_it() -> None:
    declared = Counter(name for header in HEADERS.values() for name in header.parameters)
    assert declared == Counter(list(Definition.of_rules()))
    for path, header in HEADERS.items():
        told = set().union(*map(named_in, header.methods))
        assert set(header.parameters) <= told, path.name
        statement = path.read_text(encoding="utf-8").partition("create view")[2]
        # Of the data cut the rules see the day up to which they see.
        used = {
            *re.findall(r"\b\w+\b", statement),
            *(["data_cut"] if "cut_on" in statement else []),
        }
        assert set(header.parameters) <= used, path.name


def test_every_rule_of_a_patient_is_told_by_a_header() -> None:
    rules = rule_words.rules()
    assert list(rule_words.exclusions()) == re.findall(
        r"\(\s*'(\w+)',", EXCLUSIONS.partition("as c (")[0]
    )
    assert {*rule_words.exclusions(), *OUTCOME, "coarse_stop"} == set(rules)
    for code, told in rules.items():
        wanted = {"found", "limit", "record"}
        if code in rule_words.exclusions():
            wanted.add("excluded")
        assert wanted <= set(told.sentences) <= set(OF_A_RULE), code
        # Each kind ends with what is said without a condition, but where there may be nothing.
        for kind in ("limit", *({"excluded"} & wanted)):
            assert told.sentences[kind][-1].name is None, (code, kind)


def test_every_place_of_a_sentence_is_known(database: Connection) -> None:
    known = set(
        database.execute(
            text(
                f"select {rule_words.facts_of('e', 'd')}, c.* from rules.eligibility e "
                "join rules.definition d on d.name = e.definition "
                "join rules.drug_course c using (patient_id) limit 0"
            )
        ).keys()
    )
    parts = {name for header in HEADERS.values() for name in header.parts}
    assert not parts & known
    for path, header in HEADERS.items():
        for one in sentences(header):
            assert named_in(one) <= known | parts, (path.name, one.words)
        for told in header.told:
            for one in told.sentences["record"]:
                table, *day = one.words.split(" ")
                assert set(day) <= known, one.words
                assert table.startswith("{") or (PACKAGE / "models" / f"{table}.py").exists()


def test_no_teller_has_a_sentence_of_its_own() -> None:
    # Where a rule's number goes, or whoever is excluded is named; "remission" is anybody's word.
    own = {
        one.words
        for header in HEADERS.values()
        for one in [*sentences(header), *header.methods]
        if set(named_in(one)) & set(Definition.of_rules())
    }
    own |= {
        one.words
        for told in rule_words.rules().values()
        for one in told.sentences.get("excluded", ())
    }
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in own:
                raise AssertionError(f"{path.name}:{node.lineno}: {node.value!r} is a rule's")


def test_they_are_said_in_chinese_too() -> None:
    chinese = translation(DOMAIN, LOCALES, languages=["zh_CN"])
    code = {"CD"}
    assert [said for said in rule_words.words() if chinese.gettext(said) in {"", said} - code] == []


def test_what_a_result_rests_on_comes_from_the_rules(database: Connection) -> None:
    paper, recommended, current = (
        basis_of(database, name) for name in ("paper", "recommended", "current")
    )
    assert [one.is_default for one in (paper, recommended, current)] == [False, False, True]
    ends = "stop of infliximab, transfer to adult care, loss to follow-up, death"
    assert paper.censoring == f"censored at the first of {ends}, the data cut on 2023-12-31"
    assert ", death, 56 days after the last infusion, the data cut on" in recommended.censoring
    assert "the last infusion, the day of the derivation, 20" in current.competing
    assert spoken(paper.clock) == paper.clock == "days from the first infusion"


def test_an_exclusion_is_called_by_the_limit_of_its_definition(database: Connection) -> None:
    rows = database.execute(text("select * from reference.definition where name = 'paper'"))
    paper = dict(rows.mappings().one())
    called = rule_words.exclusions(paper)
    assert called == rule_words.exclusions()
    assert called["age_18_or_over"] == "Aged 18 years or over at the first infusion"
    assert called["fewer_than_4_infusions"] == "Fewer than four infusions"
    other = rule_words.exclusions(paper | {"age_limit_years": 16, "required_infusions": 3})
    assert other["age_18_or_over"] == "Aged 16 years or over at the first infusion"
    assert other["fewer_than_4_infusions"] == "Fewer than 3 infusions"


def test_the_exclusions_and_their_order_stand_in_the_rule_alone(database: Connection) -> None:
    order = database.execute(text("select reason from rules.exclusion order by position"))
    assert order.scalars().all() == list(rule_words.exclusions())


def test_how_long_a_month_is_stands_once_in_sql_and_once_in_python(database: Connection) -> None:
    days = database.execute(text("select rules.days_per_month()")).scalar_one()
    assert float(days) == DAYS_PER_MONTH
    said = {
        path.name
        for path in (PACKAGE / "views").rglob("*.sql")
        if re.search(r"30\.4375|365\.25", re.sub("--.*", "", path.read_text(encoding="utf-8")))
    }
    assert said == {"months.sql"}

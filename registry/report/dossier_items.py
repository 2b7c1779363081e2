"""What a dossier tells: each item once, with the place that asks for it and the query that answers.

The items are those of EMA's guideline on registry-based studies (EMA/426390/2021, annex A.2 to A.6)
and of REQueST (EUnetHTA, 2019: section A methodological, B essential, C additional). A query gives
rows of `fact`, `value` and `of_children`, whether the value counts children. What only people know
is asked for in `to_state`.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.variables import DAYS_PER_YEAR


@dataclass(frozen=True)
class Item:
    """One item: what it is called, where it is asked for, what answers it, what people must say."""

    key: str
    heading: str
    ema: str
    request: str
    sql: str = ""
    to_state: str = ""


ITEMS = (
    Item(
        "aims",
        "Type of registry, aims",
        "A.1",
        "A: type of registry; B: aims and methodology",
        "select 'Type' as fact, 'disease registry: children with Crohn''s disease on infliximab'"
        " as value, false as of_children",
        "Aims, protocol, who founded it, regulatory use so far, publications.",
    ),
    Item(
        "setting",
        "Geographical and organisational setting",
        "A.2",
        "A: geographical and organisational setting",
        "select 'Centres with children' as fact, count(distinct centre)::text as value, "
        "false as of_children from clinical.patient "
        "union all select 'Centre ' || centre || ': children', count(*)::text, true "
        "from clinical.patient group by centre",
        "Countries and levels of care; how centres were chosen; coverage of the population.",
    ),
    Item(
        "duration",
        "Duration",
        "A.2",
        "A: duration",
        "select 'First record entered on' as fact, min(c.made_at)::date::text as value, "
        "false as of_children from audit.record_change r join reference.change_set c "
        "using (change_id) "
        "union all select 'Last record entered on', max(c.made_at)::date::text, false "
        "from audit.record_change r join reference.change_set c using (change_id) "
        "union all select 'First infusion on', min(infused_on)::text, false from clinical.infusion "
        "union all select 'Last infusion on', max(infused_on)::text, false from clinical.infusion",
    ),
    Item(
        "size",
        "Size and population",
        "A.2",
        "A: size",
        "select 'Children' as fact, count(*)::text as value, true as of_children "
        "from clinical.patient "
        "union all select 'Children, ' || sex, count(*)::text, true from clinical.patient "
        "group by sex "
        "union all select 'Children, diagnosis ' || diagnosis, count(*)::text, true "
        "from clinical.patient group by diagnosis "
        "union all select 'Children with infliximab', count(distinct patient_id)::text, true "
        "from clinical.infusion "
        "union all select 'Median age at the first infusion (years)', "
        "round(percentile_cont(0.5) within group (order by (i.begun - p.birth_date) / "
        f"{DAYS_PER_YEAR})::numeric, 1)::text, false from clinical.patient p join ("
        "select patient_id, min(infused_on) as begun from clinical.infusion group by patient_id) i "
        "using (patient_id)",
    ),
    Item(
        "eligibility",
        "Inclusion and exclusion criteria",
        "A.2",
        "A: inclusion and exclusion criteria",
        "select case step when 'excluded' then 'Excluded: ' || replace(reason, '_', ' ') "
        "else initcap(replace(step, '_', ' ')) end as fact, n::text as value, true as of_children "
        "from analytics.cohort_flow where definition = :definition order by position",
        "Who is registered at all: every child of the centre, or some.",
    ),
    Item(
        "follow_up",
        "Follow-up",
        "A.2",
        "A: follow-up",
        "select 'Median follow-up from the first infusion (months)' as fact, "
        "round(percentile_cont(0.5) within group (order by rules.months(end_on - start_on))"
        "::numeric, 1)::text as value, false as of_children from derived.lor_status "
        "where definition = :definition and start_on is not null "
        "union all select 'End of follow-up: ' || replace(reason, '_', ' '), count(*)::text, true "
        "from clinical.follow_up_end group by reason "
        "union all select 'Losses of response', count(*)::text, true from derived.lor_status "
        "where definition = :definition and event",
        "How often children are to be seen, and what is done about those who are not.",
    ),
    Item(
        "confounders",
        "Confounders",
        "A.3",
        "A: confounders",
        "select 'Variables known in the cohort, of children times variables (%)' as fact, "
        "round(100.0 * sum(known) / nullif(sum(patients), 0), 1)::text as value, "
        "false as of_children from analytics.missing_values where definition = :definition",
    ),
    Item(
        "consent",
        "Informed consent",
        "A.5",
        "B: informed consent",
        "select 'Children with a consent to ' || scope as fact, "
        "count(distinct patient_id)::text as value, true as of_children from clinical.consent "
        "group by scope "
        "union all select 'Children whose data research may not use', count(*)::text, true "
        "from rules.withdrawn_use "
        "union all select 'Children whose data may not leave the centre', count(*)::text, true "
        "from rules.withdrawn_sharing "
        "union all select 'The default definition asks for consent', "
        "case when consent_required then 'yes' else 'no' end, false from reference.definition "
        "where name = :definition",
        "Forms, languages, assent of children, consent anew at the age of majority.",
    ),
    Item(
        "dictionary",
        "Data dictionary and minimum data set",
        "A.3",
        "B: data dictionary; B: minimum data set",
        "select 'Tables of the dictionary' as fact, count(*)::text as value, false as of_children "
        "from pg_class where relnamespace = 'clinical'::regnamespace and relkind in ('r', 'p') "
        "union all select 'Columns that are never empty', count(*)::text, false "
        "from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace = "
        "'clinical'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and a.attnotnull "
        "and a.attname not in ('patient_id', 'record_id', 'row_version') "
        "union all select 'Columns', count(*)::text, false "
        "from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relnamespace = "
        "'clinical'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 "
        "and not a.attisdropped and a.attname not in ('patient_id', 'record_id', 'row_version')",
    ),
    Item(
        "exposure",
        "Exposures and outcomes",
        "A.3",
        "B: standard definitions, terminology and specifications",
        "select 'Infusions of infliximab' as fact, count(*)::text as value, false as of_children "
        "from clinical.infusion "
        "union all select 'Courses of other drugs', count(*)::text, false from clinical.medication "
        "union all select 'PCDAI visits', count(*)::text, false from clinical.pcdai_visit "
        "union all select 'Drug levels', count(*)::text, false from clinical.tdm_level "
        "union all select 'Laboratory values', count(*)::text, false from clinical.lab_result "
        "union all select 'Endoscopies', count(*)::text, false from clinical.endoscopy "
        "union all select 'Gene findings', count(*)::text, false from clinical.gene_finding "
        "union all select 'Definitions of loss of response', count(*)::text, false "
        "from reference.definition",
    ),
    Item(
        "safety",
        "Adverse events",
        "A.3; 4",
        "B: standard definitions, terminology and specifications",
        "select 'Adverse events' as fact, count(*)::text as value, false as of_children "
        "from clinical.adverse_event "
        "union all select 'Children with a serious one', count(distinct patient_id)::text, true "
        "from clinical.adverse_event where serious",
        "Who reports to the authority, and how soon.",
    ),
    Item(
        "collection",
        "Data collection",
        "A.3",
        "B: data collection; C: data sources",
        "select 'Changes of records by ' || split_part(coalesce(c.command, 'sql'), ' ', 1) "
        "as fact, count(*)::text as value, false as of_children from audit.record_change r "
        "join reference.change_set c using (change_id) "
        "group by split_part(coalesce(c.command, 'sql'), ' ', 1) order by 1",
        "Sources (notes, laboratory, questionnaires); who enters, and how they are trained.",
    ),
    Item(
        "quality",
        "Quality assurance and data cleaning",
        "A.4",
        "B: quality assurance; B: data cleaning",
        "with last as (select max(run_on) as run_on from derived.quality_run) "
        "select 'Last counted on' as fact, run_on::text as value, false as of_children from last "
        "union all select 'Rules of plausibility', count(*)::text, false "
        "from derived.quality_run join last using (run_on) "
        "union all select 'Checks made', coalesce(sum(tried), 0)::text, false "
        "from derived.quality_run join last using (run_on) "
        "union all select 'Checks failed', coalesce(sum(failed), 0)::text, false "
        "from derived.quality_run join last using (run_on) "
        "union all select 'Steps taken in queries', count(*)::text, false "
        "from reference.query_step",
        "Verification at the source: of which share of the records, by whom, with what result.",
    ),
    Item(
        "missing",
        "Missing data",
        "A.4",
        "B: missing data",
        "select * from (select 'Missing in the cohort: ' || replace(variable, '_', ' ') as fact, "
        "missing || ' of ' || patients as value, false as of_children "
        "from analytics.missing_values where definition = :definition and missing > 0 "
        "order by missing desc, position limit 5) m "
        "union all select 'Children of the cohort', max(patients)::text, true "
        "from analytics.missing_values where definition = :definition",
    ),
    Item(
        "traceability",
        "Audit trail",
        "A.4",
        "B: protection, security and safeguards",
        "select 'Changes of records in the audit' as fact, count(*)::text as value, "
        "false as of_children from audit.record_change "
        "union all select 'Seals over the audit', count(*)::text, false from audit.seal "
        "union all select 'Children erased on request', count(*)::text, true from audit.erasure",
    ),
    Item(
        "governance",
        "Governance",
        "A.5",
        "B: governance",
        "select 'Logins with the role ' || role as fact, count(*)::text as value, "
        "false as of_children from reference.login_role group by role "
        "union all select 'Freezes kept', count(*)::text, false from reference.data_freeze "
        "where not dropped",
        "Steering committee, rules of access, conflicts of interest.",
    ),
    Item(
        "sharing",
        "Data sharing and linkage",
        "A.6",
        "C: interoperability and readiness for data linkage",
        "select 'De-identified releases made' as fact, count(*)::text as value, "
        "false as of_children from reference.data_release "
        "union all select 'Answers to studies with other hospitals', count(*)::text, false "
        "from reference.study_answer",
        "With whom data may be linked, and by which identifiers.",
    ),
    Item(
        "ethics",
        "Ethics, financing, data protection",
        "A.5",
        "B: financing; B: protection, security and safeguards; C: ethics",
        to_state="Approval of the ethics board with its number; who pays, and for how long; legal "
        "basis, data protection officer, where the server stands.",
    ),
)

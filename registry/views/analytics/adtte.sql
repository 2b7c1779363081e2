-- One row per eligible patient, definition and parameter: time to loss of response under the names
-- of CDISC ADaM's time-to-event structure, in lower case, as SQL has them.
-- TTLOR censors at the end of observation, as the published study does. TTLORV censors at the last
-- scored visit, as ADaM does where an event is only seen at an assessment. A loss is the same in
-- both. Days count without the day they start on: AVAL is ADT minus STARTDT.
-- SRCDOM, SRCVAR and SRCSEQ point at the record that gives ADT: the view of that name, its column,
-- its record_id. The end of exposure points at the last infusion, from which it counts. The data
-- cut is a column of definition, and no record.
-- Source: the stored status and the visits.
-- @usubjid: Unique Subject Identifier: the study id
-- @paramcd: Parameter Code: TTLOR or TTLORV
-- @param: Parameter
-- @startdt: Time-to-Event Origin Date: where the definition's clock starts
-- @adt: Analysis Date: day of the loss or of censoring
-- @aval: Analysis Value: days from STARTDT to ADT
-- @cnsr: Censor: 0 loss of response; censored 1 infliximab stopped, 2 transferred to adult care, 3
-- lost to follow-up, 4 died, 5 exposure ended, 6 data cut
-- @evntdesc: Event or Censoring Description: the loss, or why the observation ended without one
-- @cnsdtdsc: Censor Date Description: what ADT is when censored; empty for a loss
-- @srcdom: Source Data: view that ADT comes from
-- @srcvar: Source Variable: column that ADT comes from
-- @srcseq: Source Sequence Number: record_id of the record that ADT comes from
create view adtte as
with censoring (censor_reason, cnsr, evntdesc) as (
    values
        ('ifx_stopped', 1, 'Infliximab stopped'),
        ('transferred_to_adult_care', 2, 'Transferred to adult care'),
        ('lost_to_follow_up', 3, 'Lost to follow-up'),
        ('died', 4, 'Died'),
        ('exposure_ended', 5, 'Exposure to infliximab ended'),
        ('data_cut', 6, 'Data cut')
),
followed as (
    select
        s.definition,
        n.study_id,
        clock_starts_on(d.time_zero, s.start_on, s.week14_on) as startdt,
        s.event,
        s.censor_reason,
        coalesce(s.deciding_table, 'definition') as deciding_table,
        s.deciding_record_id,
        coalesce(s.event_on, s.end_on) as ended_on,
        v.visited_on,
        v.record_id as visit_id
    from lor_status s
    join definition d on d.name = s.definition
    join patient_number n using (patient_id)
    cross join lateral (
        select p.visited_on, p.record_id
        from pcdai_visit p
        where p.patient_id = s.patient_id and p.visited_on <= coalesce(s.event_on, s.end_on)
        order by p.visited_on desc
        limit 1
    ) v
    where s.eligible
)
select
    f.definition,
    f.study_id as usubjid,
    p.paramcd,
    p.param,
    f.startdt,
    p.adt,
    p.adt - f.startdt as aval,
    coalesce(c.cnsr, 0) as cnsr,
    coalesce(c.evntdesc, 'Loss of response') as evntdesc,
    case when not f.event then p.cnsdtdsc end as cnsdtdsc,
    p.srcdom,
    case p.srcdom
        when 'pcdai_visit' then 'visited_on'
        when 'follow_up_end' then 'ended_on'
        when 'infusion' then 'infused_on'
        when 'definition' then 'data_cut'
    end as srcvar,
    p.srcseq
from followed f
left join censoring c using (censor_reason)
cross join lateral (
    values
        (
            'TTLOR',
            'Time to Loss of Response (days)',
            f.ended_on,
            'End of observation',
            f.deciding_table,
            f.deciding_record_id
        ),
        (
            'TTLORV',
            'Time to Loss of Response, Censored at Last Visit (days)',
            f.visited_on,
            'Last scored visit of the observation',
            'pcdai_visit',
            f.visit_id
        )
) as p (paramcd, param, adt, cnsdtdsc, srcdom, srcseq);

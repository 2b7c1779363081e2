-- One row per definition and patient of whom consents are recorded: whether research may use the
-- data on the day of the last derivation. A data cut does not matter here: what was withdrawn since
-- is not used any more, whatever the day that is looked back from.
-- A consent counts from its day until it ends or is withdrawn. A withdrawal holds until a later day
-- on which a new consent of the same scope is signed, by whomever.
-- Source: this registry's choice, after the consents that it keeps.
-- @consented: a consent to research counts
-- @withdrawn_on: day from which research, or the registry altogether, was withdrawn and not given anew
-- @withdrawn_id: number of the consent that was withdrawn last
-- @withdrawn_signed_on: day on which that consent was signed
-- @genetics_withdrawn: gene findings were withdrawn from research and not given anew
-- @shared: a consent to sharing beyond the centre counts
-- @sharing_withdrawn: sharing was refused or withdrawn and not given anew
create view research_consent as
with dated as (
    select
        d.name as definition,
        c.patient_id,
        c.scope,
        c.signed_on,
        case when c.withdrawn_on <= d.consent_on then c.withdrawn_on end as withdrawn_on,
        (c.valid_until >= d.consent_on) is not false
            and (c.withdrawn_on > d.consent_on) is not false as counts
    from consent c
    join definition d on c.signed_on <= d.consent_on
    where c.scope in ('registry', 'research', 'genetics', 'sharing')
),
by_scope as (
    select
        definition,
        patient_id,
        scope,
        max(withdrawn_on) as withdrawn_on,
        max(signed_on) filter (where counts) as given_on
    from dated
    group by definition, patient_id, scope
),
judged as (
    select *, (given_on > withdrawn_on) is not true and withdrawn_on is not null as is_withdrawn
    from by_scope
),
by_patient as (
    select
        definition,
        patient_id,
        bool_or(scope = 'research' and given_on is not null and not is_withdrawn) as consented,
        max(withdrawn_on) filter (where is_withdrawn and scope in ('registry', 'research'))
            as withdrawn_on,
        bool_or(scope = 'genetics' and is_withdrawn) as genetics_withdrawn,
        bool_or(scope = 'sharing' and given_on is not null and not is_withdrawn) as shared,
        bool_or(scope = 'sharing' and is_withdrawn) as sharing_withdrawn
    from judged
    group by definition, patient_id
)
select
    b.*,
    w.record_id as withdrawn_id,
    w.signed_on as withdrawn_signed_on
from by_patient b
left join lateral (
    select c.record_id, c.signed_on
    from consent c
    where
        c.patient_id = b.patient_id
        and c.withdrawn_on = b.withdrawn_on
        and c.scope in ('registry', 'research')
    order by c.signed_on desc, c.record_id desc
    limit 1
) w on true;

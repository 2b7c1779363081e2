-- One row per anthropometry record: Z-scores of height and BMI for age by the LMS method. An
-- entered Z-score wins over a computed one. Below 24 months height for age is recumbent length.
-- No Z-score is computed past 228 months of age.
-- Source: WHO Child Growth Standards 2006 (0-60 months) and WHO Growth Reference 2007 (61-228
-- months), with the WHO's restricted rule for a BMI beyond 3 SD; a month is 30.4375 days.
-- @height_z_source: where height_z comes from: entered or computed; empty without a Z-score
-- @bmi_z_source: where bmi_z comes from: entered or computed; empty without a Z-score
-- @computed_height_z: Z-score of height for age by the growth reference, also where one is entered
-- @computed_bmi_z: Z-score of BMI for age by the growth reference, also where one is entered
create view anthropometry_z as
with lms as not materialized (
    -- coalesce() of one argument changes no value. It makes the server turn the thousand rows of
    -- the reference into floating point once, not anew for every record that is joined to them.
    select
        measure,
        sex,
        month,
        coalesce(l)::double precision as l,
        coalesce(m)::double precision as m,
        coalesce(s)::double precision as s
    from growth_reference
),
measured as (
    select
        a.patient_id,
        a.record_id,
        a.measured_on,
        a.height_z as entered_height_z,
        a.bmi_z as entered_bmi_z,
        a.height_cm::double precision as height,
        a.weight_kg::double precision / power(a.height_cm::double precision / 100, 2) as bmi,
        p.sex,
        (a.measured_on - p.birth_date) / 30.4375::double precision as age_months
    from anthropometry a
    join patient p using (patient_id)
),
aged as (
    select
        *,
        floor(age_months)::integer as month,
        age_months - floor(age_months) as part
    from measured
),
referenced as (
    -- L, M and S lie between those of the completed month and of the next. Month 228 has no next:
    -- it ends on no whole day, so nobody is exactly that old, and older ages get no Z-score.
    select
        aged.*,
        h.l + part * (h_next.l - h.l) as height_l,
        h.m + part * (h_next.m - h.m) as height_m,
        h.s + part * (h_next.s - h.s) as height_s,
        b.l + part * (b_next.l - b.l) as bmi_l,
        b.m + part * (b_next.m - b.m) as bmi_m,
        b.s + part * (b_next.s - b.s) as bmi_s
    from aged
    left join lms h on h.measure = 'height' and h.sex = aged.sex and h.month = aged.month
    left join lms h_next
        on h_next.measure = 'height' and h_next.sex = aged.sex and h_next.month = aged.month + 1
    left join lms b on b.measure = 'bmi' and b.sex = aged.sex and b.month = aged.month
    left join lms b_next
        on b_next.measure = 'bmi' and b_next.sex = aged.sex and b_next.month = aged.month + 1
),
scored as (
    select
        *,
        case
            when height_l = 0 then ln(height / height_m) / height_s
            else (power(height / height_m, height_l) - 1) / (height_l * height_s)
        end as height_score,
        case
            when bmi_l = 0 then ln(bmi / bmi_m) / bmi_s
            else (power(bmi / bmi_m, bmi_l) - 1) / (bmi_l * bmi_s)
        end as bmi_score
    from referenced
),
curved as (
    -- The BMI at 2 and at 3 SD, on the child's own side of the median.
    select
        *,
        case
            when bmi_l = 0 then bmi_m * exp(sign(bmi_score) * 2 * bmi_s)
            else bmi_m * power(1 + sign(bmi_score) * 2 * bmi_l * bmi_s, 1 / bmi_l)
        end as bmi_at_2_sd,
        case
            when bmi_l = 0 then bmi_m * exp(sign(bmi_score) * 3 * bmi_s)
            else bmi_m * power(1 + sign(bmi_score) * 3 * bmi_l * bmi_s, 1 / bmi_l)
        end as bmi_at_3_sd
    from scored
),
computed as (
    -- Beyond 3 SD the distance from 2 to 3 SD is the unit. Height is linear already (L = 1), and
    -- the WHO has no restricted rule for it. "offset 0" has each Z-score worked out once a row;
    -- without it, it is worked out again for every column that uses it.
    select curved.*, z.*
    from curved
    cross join lateral (
        select
            height_score::numeric(8, 4) as computed_height_z,
            case
                when abs(bmi_score) <= 3 then bmi_score
                else sign(bmi_score) * (3 + (bmi - bmi_at_3_sd) / (bmi_at_3_sd - bmi_at_2_sd))
            end::numeric(8, 4) as computed_bmi_z
        offset 0
    ) z
)
select
    patient_id,
    record_id,
    measured_on,
    coalesce(entered_height_z, computed_height_z) as height_z,
    case
        when entered_height_z is not null then 'entered'
        when computed_height_z is not null then 'computed'
    end as height_z_source,
    coalesce(entered_bmi_z, computed_bmi_z) as bmi_z,
    case
        when entered_bmi_z is not null then 'entered'
        when computed_bmi_z is not null then 'computed'
    end as bmi_z_source,
    computed_height_z,
    computed_bmi_z
from computed;

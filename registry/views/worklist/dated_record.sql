-- One row per record with a date, whatever its table. A course of a drug has two: its start, and
-- its stop where that is not in the future.
-- Source: the clinical tables.
-- @from_table: table of the record
-- @from_record_id: number of the record
-- @column_name: column of the date
-- @dated_on: date of the record
create view dated_record as
select
    patient_id,
    'phenotype' as from_table,
    record_id as from_record_id,
    'assessed_on' as column_name,
    assessed_on as dated_on
from phenotype
union all
select patient_id, 'anthropometry', record_id, 'measured_on', measured_on from anthropometry
union all
select patient_id, 'infusion', record_id, 'infused_on', infused_on from infusion
union all
select patient_id, 'tdm_level', record_id, 'sampled_on', sampled_on from tdm_level
union all
select patient_id, 'pcdai_visit', record_id, 'visited_on', visited_on from pcdai_visit
union all
select patient_id, 'lab_result', record_id, 'collected_on', collected_on from lab_result
union all
select patient_id, 'medication', record_id, 'started_on', started_on from medication
union all
select patient_id, 'medication', record_id, 'stopped_on', stopped_on
from medication
where stopped_on <= today()
union all
select patient_id, 'endoscopy', record_id, 'performed_on', performed_on from endoscopy
union all
select patient_id, 'surgery', record_id, 'performed_on', performed_on from surgery
union all
select patient_id, 'gene_finding', record_id, 'reported_on', reported_on
from gene_finding
where reported_on is not null
union all
select patient_id, 'condition', record_id, 'onset_on', onset_on from condition;

-- One row per measure, sex and completed month of age: L, M and S at its beginning, and how far they
-- change up to its end, within one table. The 24th month ends lying, as it began; the 25th begins
-- standing. Between 60 and 61 months lie the last row of the standards of 2006 and the first of the
-- reference of 2007. The last month of a table has no end: it begins on no whole day, so that nobody
-- is exactly that old.
-- Source: WHO Child Growth Standards 2006 (tables by month, 0-60) and WHO Growth Reference 2007
-- (61-228 months, weight to 120).
-- @l_change: change of l over the month
-- @m_change: change of m over the month
-- @s_change: change of s over the month
create view growth_interval as
select
    measure,
    sex,
    this.month,
    this.l::double precision,
    this.m::double precision,
    this.s::double precision,
    (next.l - this.l)::double precision as l_change,
    (next.m - this.m)::double precision as m_change,
    (next.s - this.s)::double precision as s_change
from growth_reference this
join growth_reference next using (measure, sex, position)
where next.month = this.month + 1;

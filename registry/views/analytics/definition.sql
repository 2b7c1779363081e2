-- One row per definition: every parameter that the rules are held to.
-- @is_default: whether commands hold to it unless told another
create view definition as
select d.*, d.name = (select s.default_definition from registry_setting s) as is_default
from definition d;

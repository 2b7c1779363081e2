-- One row per definition: every parameter that the rules are held to.
create view definition as
select * from definition;

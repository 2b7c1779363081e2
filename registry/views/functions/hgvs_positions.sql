-- The codon of a substitution in the coding part of an exon, its base by three; null for any other
-- change: an offset is in an intron, - and * are outside the coding part, and a deletion or an
-- insertion may first show further along.
create function codon_of(coding_change text) returns integer
language sql immutable parallel safe as $$
    select (substring(coding_change from '^(?:.*:)?c\.([0-9]+)[ACGT]>[ACGT]$')::integer + 2) / 3
$$;

-- The first place of a normalised protein change; null where it names none.
create function protein_position(protein_change text) returns integer
language sql immutable parallel safe as $$
    select substring(protein_change from '^(?:.*:)?p\.\(?[A-Z][a-z]{2}([0-9]+)[^0-9]')::integer
$$;

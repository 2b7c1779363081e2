"""A connection that is lost while a transaction ends: nobody says that nothing was changed."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database, refused_by_database


@pytest.mark.parametrize("at_end", [True, False])
def test_what_is_not_known_is_not_promised(shared_study: Database, at_end: bool) -> None:
    with shared_study.engine.connect() as lost:
        session = lost.execute(text("select pg_backend_pid()")).scalar_one()
        with shared_study.engine.connect() as other:
            other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": session})
        ends = lost.commit if at_end else partial(lost.execute, text("select 1"))
        with pytest.raises(DBAPIError) as error:
            ends()
        lost.invalidate()
    told = refused_by_database(error.value)
    assert told is not None
    assert ("not known whether" in (told.cure or "")) == at_end
    assert ("Nothing was changed" in (told.cure or "")) != at_end

"""Studies over several hospitals by signed files: questions that go out, sums that come in."""

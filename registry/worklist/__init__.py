"""Who needs what today: reads the worklist, sets items aside, changes the numbers of its rules."""

"""The rules and the analysts' views, one `.sql` file each, and how they are built."""

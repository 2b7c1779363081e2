"""The study cohort shipped as the demo: synthetic files, see NATURE.txt."""

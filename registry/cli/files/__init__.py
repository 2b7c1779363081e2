"""Files in and out: import, codebook, template, export, synthetic files."""

"""Records and views as files: every format, REDCap, the codebook."""

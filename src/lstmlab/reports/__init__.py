"""Reports: pictures and tables of what was trained."""

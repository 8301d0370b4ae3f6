"""The write side: published reports in, a searchable generation out."""

"""Recurrent cells written out from their equations, one a file."""

"""Measure how fast brain networks run, beside a bare kernel and The Virtual Brain."""

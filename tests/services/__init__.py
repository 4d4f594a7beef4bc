"""Tests of the rules: fakes of the outside, real stores on SQLite files."""

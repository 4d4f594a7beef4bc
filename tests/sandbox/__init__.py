"""Tests of the sandbox, and the checkers that other tests share."""

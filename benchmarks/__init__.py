"""Long runs by hand, each with `--help`; nothing of them is asserted by the tests.

`benchmarks.targets` measures the table of targets beside a bare bot. `benchmarks.soak` plays hours
of trouble (faults, reconnects, outages, a clock that jumps) and tells what grows in them and what
became of every press. `benchmarks.model` and `benchmarks.crash` play the proofs for longer.
`benchmarks.rush`, `edits`, `poll` and `links` each look at one thing.
"""

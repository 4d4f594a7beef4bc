"""Long runs by hand; `README.md` has the commands."""

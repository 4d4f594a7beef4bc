"""What Muster remembers. SQL lives here and nowhere else."""

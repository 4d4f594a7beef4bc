"""Proofs that the claim engine cannot lie: models, crashes, several processes, a rush."""

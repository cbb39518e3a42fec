"""Signatures on the paper, and the proof that paper and rules belong together."""

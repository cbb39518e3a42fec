"""Signatures, and the proof that the halves match."""

"""The meaning of an agreement in plain Python: slow, obvious, and sharing no code with the engine.

Each function names the paragraph of `docs/meaning.md` that it follows.
"""

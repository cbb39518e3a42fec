"""Measurements: how long tallystick takes beside what others do with the same data. `make bench`."""

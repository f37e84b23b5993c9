"""Deadlines: clocks that follow what a save turned, pause, and are missed once."""

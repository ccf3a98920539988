"""The parts of the simulated ZVT terminal (simulators/zvt_terminal.py)."""

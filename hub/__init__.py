"""The hub: takes sales from tills, gives out catalogues. Never installed on a kiosk."""

"""Many kiosks in one process, for load: the product's own uplink, driven by one loop instead of a thread for each."""

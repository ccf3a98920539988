"""The whole appliance, played by customers, staff, devices and power cuts."""

"""Wire-level peers of the appliance and its shoppers: development only, never installed on a kiosk."""

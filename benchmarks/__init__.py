"""The figures of the product, each beside its baseline (`./kvitt bench`)."""

"""Keys, network, records, and the upper bound of every role."""

"""Who may ask, what they may send, and the record of it."""

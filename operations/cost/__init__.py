"""What an environment costs a month, read from its templates and an offline price file: ``python -m operations.cost``."""

"""Takes an environment down, and says what stays and why: ``python -m operations.teardown --env dev``."""

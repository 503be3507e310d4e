"""Other people's judges over the synthesized templates of every environment: ``python -m operations.judge``."""

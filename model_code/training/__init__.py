"""How a model learns: configuration, batches, losses, steps, checkpoints. The verb itself is ``model_code.train``."""

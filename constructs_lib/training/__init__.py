"""From films to a model package that waits for approval."""

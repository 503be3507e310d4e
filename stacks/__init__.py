"""Thin stacks, one a lifecycle. Read ``platform_stage`` first."""

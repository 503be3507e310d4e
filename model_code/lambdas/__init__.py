"""Thin handlers of the platform's functions. Those on the managed runtime import the contract and boto3 alone."""

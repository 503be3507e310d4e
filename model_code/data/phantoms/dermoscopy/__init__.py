"""Phantoms of dermoscopies: drawn lesions with the signs of eight diagnoses, for tests and for the demo.

They are drawings; a model trained on them must not be used on people.
"""

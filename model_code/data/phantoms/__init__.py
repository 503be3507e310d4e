"""Phantoms: procedural chest films for tests and for the demo.

They are drawings; a model trained on them must not be used on people.
"""

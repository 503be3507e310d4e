"""Reusable constructs: secure by default, object references in, grants out."""

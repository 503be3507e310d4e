"""Where films lie, and what happens to them on their way in."""

"""What is checked of everything that is synthesized, what it says, and what is accepted."""

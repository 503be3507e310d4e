"""What runs in the emulator's process, in an environment of its own: moto's server, and what it lacks."""

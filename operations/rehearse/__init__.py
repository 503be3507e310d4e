"""A deployment rehearsed on this machine: the real CDK CLI, an emulator of AWS on loopback, and then everything is used once."""

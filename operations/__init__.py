"""What looks at the platform from outside: judges, costs, evidence, rehearsal, teardown."""

"""Bad input: files that are altered by chance, files that are built to hurt, and a process in which reading them is watched."""

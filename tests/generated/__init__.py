"""What is computed from the code and committed: each artefact is a path and its text."""

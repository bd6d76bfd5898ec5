"""Measured beside peers, on the same broker in the same run; a ratio above 1 means we are ahead."""

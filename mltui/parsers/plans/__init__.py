"""What a kind of line means, and what it has measured so far."""

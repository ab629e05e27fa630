"""What a line is, once a shape."""

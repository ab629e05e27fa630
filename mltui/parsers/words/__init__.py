"""What single words, numbers and units mean."""

"""A simulated NVIDIA driver library."""

"""Full views."""

"""From bytes to lines, as a terminal would show them."""

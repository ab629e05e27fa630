"""How it looks: the only package that imports Textual, Rich or plotext."""

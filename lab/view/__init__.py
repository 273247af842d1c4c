"""One picture under attack, to look at."""

"""What the bench stands on: disk, device, memory, drawing, words."""

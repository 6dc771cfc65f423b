"""What the kernel can take from a process for good, by ctypes alone: everything but its memory."""

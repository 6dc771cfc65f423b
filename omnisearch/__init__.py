"""Search text, images, audio, video and documents by vector."""

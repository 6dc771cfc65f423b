"""What a cosine is worth: cosines of any modality made confidences that can stand in one list."""

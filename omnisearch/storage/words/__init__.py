"""What segments say, word by word: postings in words.bin, and BM25 over them."""

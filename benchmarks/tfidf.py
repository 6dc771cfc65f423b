"""TF-IDF and a truncated SVD to 256 dimensions: `python -m benchmarks.tfidf TEXTS.json OUT.npy`.

Its few strong leading dimensions break product quantisers that are not rotated. It runs with
scikit-learn in the environment of `minilm.py`.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize


def main(texts: Path, out: Path) -> None:
    words = TfidfVectorizer(sublinear_tf=True).fit_transform(json.loads(texts.read_text("utf-8")))
    dense = TruncatedSVD(256, random_state=0).fit_transform(words)
    np.save(out, normalize(dense).astype(np.float32))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

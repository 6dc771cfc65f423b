"""Pictures: whatever Pillow reads safely, as RGB the way a person sees it, and as trained."""

from __future__ import annotations

"""The stages `heads`, `inverse` and `specialists`: an encoder of each modality, from one base."""

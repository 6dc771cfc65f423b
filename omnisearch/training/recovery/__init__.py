"""The stages `recover` and `phases`: what fusion broke is repaired, and instructions are learnt."""

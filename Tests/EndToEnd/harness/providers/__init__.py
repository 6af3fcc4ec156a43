"""OpenID providers, foreign ones and our own: see `provider.Provider` for what they have in common."""

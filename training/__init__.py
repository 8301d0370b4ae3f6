"""Makes the encoder that `index/` ships; nothing imports it."""

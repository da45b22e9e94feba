"""The leak prover: what a feature says of a session is compared, to the bit, between worlds that differ only in what came later."""

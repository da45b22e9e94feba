"""The leak prover: what a feature says of a session, compared to the bit between worlds that differ in what came later."""

"""The top-K strategy: its book, its statistics, and the leaderboard."""

"""Ranks of methods, tests between them, and the leaderboard."""

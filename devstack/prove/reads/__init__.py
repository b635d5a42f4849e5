"""The reads: orders asked for all the while, and every answer held against what was sent."""

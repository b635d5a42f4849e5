"""The load: records of which every fate is known beforehand, sent at a steady rate."""

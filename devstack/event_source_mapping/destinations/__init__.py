"""On-failure destinations: where a mapping sends what it gives up."""

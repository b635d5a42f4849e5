"""The event source mapping for anybody's template: a plan, and the processes that carry it out."""

"""Schemas: what the code says in, the committed documents that repeat it out."""

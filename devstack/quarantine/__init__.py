"""Quarantine: an operator's request in, the layer's use case on a database, and its answer out.

The rules, the SQL and the steps of a redrive are the layer's own; here they get words and tables.
"""

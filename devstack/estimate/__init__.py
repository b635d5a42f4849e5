"""Estimate: rates in, what AWS would need and charge for them out, by stated formulas.

`measured.toml` holds milliseconds of this repository's functions, `prices.toml` AWS's prices.
"""

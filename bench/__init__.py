"""Benchmarks: ratios of one run (`make bench`), milliseconds for `estimate` (`make measure`)."""

"""The report: a proof in; text, JSON and a plot of it out."""

"""The arena: a stack of its own, and the tools that reach into it while it works."""

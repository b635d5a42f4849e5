"""What a template says of a mapping: properties in, a checked configuration out."""

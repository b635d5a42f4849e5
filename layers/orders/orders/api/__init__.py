"""API: requests from API Gateway in, answers out; one module for each function behind it."""

"""The places where the functions run, each started and asked as a person does."""

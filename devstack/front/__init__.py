"""The front: HTTP requests in, answers of functions and files of the site out, in one process."""

"""OpenAPI: the routes, described with the types of their answers, in; the document out."""

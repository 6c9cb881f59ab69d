"""The schemas of GET /api/v1/openapi.json, in the form that schema_fault of harness.py reads."""


def plain(schema, document):
    """References followed, and what says nothing about a value left out."""
    if isinstance(schema, list):
        return [plain(s, document) for s in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return plain(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    return {k: plain(v, document) for k, v in schema.items() if k not in ("format", "example", "description")}


def schema_of(dash, *path):
    document = dash.get("/api/v1/openapi.json")
    schema = document["components"]["schemas"]
    for part in path:
        schema = schema[part]
    return plain(schema, document)

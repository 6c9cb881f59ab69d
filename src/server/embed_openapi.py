"""Writes openapi.h: the OpenAPI document as an array of bytes. The snapshot's schema is kept once, in contract/, and is put
into the document here, with its definitions beside the document's own. Usage: embed_openapi.py DOCUMENT SCHEMA OUT VERSION"""
import json
import sys


def moved(node):
    """The same schema, its references pointing at the document's components."""
    if isinstance(node, dict):
        return {k: v.replace('#/$defs/', '#/components/schemas/') if k == '$ref' else moved(v) for k, v in node.items()}
    return [moved(v) for v in node] if isinstance(node, list) else node


def merged(document, snapshot):
    schemas = document['components']['schemas']
    definitions = moved(snapshot.pop('$defs'))
    clash = definitions.keys() & schemas.keys()
    if clash:
        sys.exit(f'names used twice: {sorted(clash)}')
    snapshot.pop('$schema')
    schemas['Snapshot'] = moved(snapshot)
    schemas.update(definitions)
    return document


def main(document_path, schema_path, out_path, version):
    with open(document_path, encoding='utf-8') as f:
        document = json.load(f)
    with open(schema_path, encoding='utf-8') as f:
        document = merged(document, json.load(f))
    document['info']['version'] = version
    text = json.dumps(document, separators=(',', ':'), ensure_ascii=True).encode()
    rows = [','.join(str(b) for b in text[i:i + 32]) for i in range(0, len(text), 32)]
    with open(out_path, 'w', encoding='utf-8') as f:
        f.write('static const char openapi_json[] = {\n' + ',\n'.join(rows) + '};\n')
        f.write(f'static const size_t openapi_json_len = {len(text)};\n')


main(*sys.argv[1:])

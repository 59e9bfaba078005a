"""Finds references that lead nowhere. The official AsyncAPI schema does not look for them."""

import json
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import yaml


def references(value, path="#"):
    """Every ``$ref`` in a document, with the place where it stands. Examples are data, not references."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield path, value["$ref"]
        for key, item in value.items():
            if key != "examples":
                yield from references(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, f"{path}/{index}")


def at(document, pointer):
    """The value at a JSON Pointer (RFC 6901).

    Raises:
        LookupError: There is none.
    """
    for step in pointer.split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        document = document[int(key) if isinstance(document, list) else key]
    return document


def dangling_by_id(schemas):
    """References between schemas that lead to no schema or no place in it.

    Args:
        schemas: Schemas by their ``$id``.
    """
    for uri, schema in schemas.items():
        for place, reference in references(schema):
            target, pointer = urldefrag(urljoin(uri, reference))
            try:
                at(schemas[target], pointer)
            except (LookupError, ValueError, TypeError):
                yield f"{uri}{place}: {reference}"


def dangling_by_file(path, document=None):
    """References of a file, and of the files it refers to, that lead to no file or no place in it.

    Args:
        path: A JSON or YAML file.
        document: Its content, when it is not what the file holds.
    """
    loaded = {path.resolve(): document} if document is not None else {}
    open_, done = [path.resolve()], set()
    while open_:
        file = open_.pop()
        if file in done:
            continue
        done.add(file)
        for place, reference in references(_load(file, loaded)):
            target, pointer = urldefrag(reference)
            other = (file.parent / target).resolve() if target else file
            try:
                at(_load(other, loaded), pointer)
            except (LookupError, ValueError, TypeError, OSError):
                yield f"{file.name}{place}: {reference}"
            else:
                open_.append(other)


def _load(file: Path, loaded):
    if file not in loaded:
        text = file.read_text(encoding="utf-8")
        loaded[file] = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    return loaded[file]

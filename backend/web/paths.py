"""Ids in addresses: what no database can hold is no id, so there is nothing at such an address."""

from starlette.convertors import StringConvertor, register_url_convertor


class IdConvertor(StringConvertor):
    """Takes any text within one part of a path, as ``{name:id}``."""

    regex = "[^/\x00]+"


register_url_convertor("id", IdConvertor())

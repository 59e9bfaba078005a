"""The one MetaData that every table of the service belongs to."""

from sqlalchemy import MetaData

metadata = MetaData()

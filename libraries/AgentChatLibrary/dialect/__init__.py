"""Dialects: how another backend says the canonical frames, as data.

A dialect is one YAML file in ``variables/dialects/``. It is read in one place: what a connection received is
told again in the canonical alphabet, and what a client means to send is said as the backend wants to hear it.
Rules and keywords know nothing of it.
"""

"""The rules: what must hold of a transcript, each a pure function ``rule(transcript, ...) -> Verdict``.

One topic per module; ``ambient`` is the list of those that every session must keep. A rule imports nothing of
Robot Framework, of the engine or of a backend, reads each frame once, and gives a verdict for whatever came
over the wire: it never raises for it. A new rule goes into the module of its topic, with a test that breaks
it in every way it can be broken.
"""

"""What the console says of a failure is enough to mend it."""

from __future__ import annotations

import pytest

from runner.console import first_line


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("one\ntwo", "one"),
        ("\n  \n", "no message"),
        ("Several failures occurred:\n\n1) one\n\n2) two", "one"),
        ("Setup failed:\nno key", "Setup failed: no key"),
        ("*HTML*no", "no"),
        (
            "No keyword with name 'Lgo' found. Did you mean:\n    BuiltIn.Log\n    BuiltIn.Log Many",
            "No keyword with name 'Lgo' found. Did you mean: BuiltIn.Log, BuiltIn.Log Many",
        ),
        (
            "Setup failed:\nNo keyword with name 'Lgo' found. Did you mean:\n    BuiltIn.Log\nAlso teardown",
            "Setup failed: No keyword with name 'Lgo' found. Did you mean: BuiltIn.Log",
        ),
        (
            "Non-existing setting 'Tag'. Did you mean:\n    Tags\n    A\n    B\n    C\n    D",
            "Non-existing setting 'Tag'. Did you mean: Tags, A, B, C",
        ),
        ("1 of 1 break x.y:\nAna saw two starts.\nExpected: one.", "1 of 1 break x.y: Ana saw two starts."),
        ("It ends with a colon:", "It ends with a colon:"),
    ],
)
def test_a_line_that_announces_something_is_told_with_it(message, told):
    assert first_line(message) == told

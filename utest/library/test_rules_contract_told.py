"""What the rule about the contract says of what is broken, whole: sentence, frames, expectation."""

from AgentChatLibrary.frames import Direction
from AgentChatLibrary.rules import contract
from scripted import greeted, scripted, stories, told


class Strict:
    """A contract that knows what is wrong with each message: it says so itself."""

    def problems(self, direction, message):
        return [f"{direction} {problem}" for problem in message.get("wrong", [])]


@stories(
    (
        "one frame with more problems than a story names",
        lambda: contract.valid(scripted(greeted(), '< ack wrong=["a","b","c","d"]'), Strict()),
        [
            "Ana received ack, which the contract does not allow: server a; server b; server c",
            "  #1       +0.250 s  ack   <- offending",
            "Expected: every message is a JSON object that the contract's schema for its type accepts.",
        ],
    ),
    (
        "two frames",
        lambda: contract.valid(scripted(greeted(), '< ack wrong=["a"]', '< error wrong=["b"]'), Strict()),
        [
            "Ana received ack, which the contract does not allow (1 further frame too): server a",
            "  #1       +0.250 s  ack   <- offending",
            "  #2       +0.375 s  error   <- offending",
            "Expected: every message is a JSON object that the contract's schema for its type accepts.",
        ],
    ),
    (
        "three frames that were sent",
        lambda: contract.valid(
            scripted('> ping wrong=["a"]', '> chat wrong=["b"]', '> ping wrong=["c"]'),
            Strict(),
            Direction.SENT,
        ),
        [
            "Ana sent ping, which the contract does not allow (2 further frames too): client a",
            "  #0       +0.125 s  sent ping   <- offending",
            "  #1       +0.250 s  sent chat   <- offending",
            "  #2       +0.375 s  sent ping   <- offending",
            "Expected: every message is a JSON object that the contract's schema for its type accepts.",
        ],
    ),
    (
        "a binary frame between control frames",
        lambda: contract.valid(scripted(greeted(), "<ping", ("<", b"{}"), "<close:1000"), Strict()),
        [
            "Ana received a binary frame, which the contract does not allow: messages are text frames.",
            "  #2       +0.375 s  <binary>   <- offending",
            "Expected: every message is a JSON object that the contract's schema for its type accepts.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


def test_what_goes_the_other_way_is_not_judged():
    transcript = scripted(greeted(), '> chat wrong=["a"]')
    assert contract.valid(transcript, Strict())
    assert contract.valid(scripted('< ack wrong=["a"]'), Strict(), Direction.SENT)

"""What is remembered of the log is what would be read from it, or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from backend.store.events import Appended
from backend.store.recent import AT_ONCE, RecentEvents

numbers = st.integers(1, 30)
appended = st.builds(
    lambda user, seq: Appended(user, seq, "agent_thinking", f"{user}-{seq}" * seq),
    st.sampled_from(["ana", "boris"]),
    numbers,
)


@given(
    st.lists(appended, max_size=60), st.integers(0, 400), st.sampled_from(["ana", "boris"]), numbers, numbers
)
def test_all_of_a_part_of_the_log_is_remembered_or_none(events, room, user, after, up_to):
    recent = RecentEvents(room)
    for event in events:
        recent.remember(event)
    found = recent.between(user, after, up_to)
    if found is not None:
        assert [(e.user_id, e.seq) for e in found] == [(user, seq) for seq in range(after + 1, up_to + 1)]
        assert all(event in events for event in found)


@given(st.lists(appended, max_size=60, unique_by=lambda e: (e.user_id, e.seq)), st.integers(0, 400))
def test_the_latest_are_remembered_as_far_as_there_is_room(events, room):
    recent = RecentEvents(room)
    for event in events:
        recent.remember(event)
    left = room
    for event in reversed(events):
        left -= len(event.text)
        assert (recent.between(event.user_id, event.seq - 1, event.seq) is not None) == (left >= 0)
        if left < 0:
            break


def test_an_event_does_not_change():
    recent = RecentEvents()
    recent.remember(Appended("ana", 1, "agent_started", "first"))
    recent.remember(Appended("ana", 1, "agent_started", "other"))
    (event,) = recent.between("ana", 0, 1)
    assert event.text == "first"


def test_nothing_is_nothing_and_much_is_read():
    recent = RecentEvents()
    assert recent.between("ana", 3, 3) == []
    assert recent.between("ana", 0, AT_ONCE + 1) is None

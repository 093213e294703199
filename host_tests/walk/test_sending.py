"""Records reach the service in parts, behind everything else, again and again until it has them."""

from firmware.core import clock
from firmware.walk.sending import Sender
from host_tests.walk.folder import HERE, content, in_a_folder, made, names

HOUR_MS = 3600000


class Link:
    """What a sender asks of the link."""

    def __init__(self):
        self.online = True
        self.pending = 0
        self.counters = {"connects": 1}

    def health(self):
        return {"pending": self.pending}


class Scene:
    def __init__(self, may_write=lambda: True):
        self.link = Link()
        self.tick_ms = clock.PERIOD_MS - 1000  # ticks wrap while it runs
        self.told = []
        self.sender = Sender(self.link, self._note, lambda: self.tick_ms, may_write, HERE)

    def _note(self, name, fields, key):
        assert name == key == "test_record"
        self.told.append(fields)

    def after(self, ms):
        """Steps until nothing more is said; whether it is still needed."""
        self.tick_ms = clock.add(self.tick_ms, ms)
        before = -1
        while before != len(self.told):
            before = len(self.told)
            left = self.sender.step()
        return left

    def whole(self, test):
        return "".join([one["text"] for one in self.told if one["test"] == test]).encode()


STEPS = ["ask:cord%d:bangles" % number for number in range(40)]


@in_a_folder
def test_all_records_go_out_once_oldest_first_and_whole():
    made(1, steps=STEPS)
    made(2)
    scene = Scene()
    assert scene.after(0)
    first, second = names()
    assert scene.whole("00000001") == content(first) and scene.whole("00000002") == content(second)
    assert [one["test"] for one in scene.told] == sorted([one["test"] for one in scene.told])
    ours = [one for one in scene.told if one["test"] == "00000001"]
    assert [one["part"] for one in ours] == list(range(1, ours[0]["parts"] + 1)) and len(ours) > 2
    assert all(one["sha256"] == first[14:78] and len(one["text"].encode()) <= 1200 for one in ours)


@in_a_folder
def test_a_part_waits_while_anything_waits_for_the_broker_and_while_there_is_none():
    made(1, steps=STEPS)
    scene = Scene()
    for pending, online, told in ((1, True, 0), (0, False, 0), (0, True, 1), (3, True, 1), (0, True, 2)):
        scene.link.pending, scene.link.online = pending, online
        scene.sender.step()
        assert len(scene.told) == told


@in_a_folder
def test_it_is_said_again_after_an_hour_and_on_each_connection_until_it_is_stored():
    made(1)
    scene = Scene()
    scene.after(0)
    parts = len(scene.told)
    scene.after(HOUR_MS - 1)
    assert len(scene.told) == parts
    scene.after(1)
    assert len(scene.told) == 2 * parts
    scene.link.counters["connects"] = 2
    scene.after(1000)
    assert len(scene.told) == 3 * parts
    scene.sender.stored("00000001")
    assert not scene.after(HOUR_MS) and len(scene.told) == 3 * parts and names()[0].endswith(".ok")


@in_a_folder
def test_one_that_is_stored_in_the_middle_of_a_round_is_left_and_the_next_is_sent_whole():
    made(1, steps=STEPS)
    made(2)
    scene = Scene()
    scene.sender.step()
    scene.sender.stored("00000001")
    assert scene.after(0)
    assert len([one for one in scene.told if one["test"] == "00000001"]) == 1 and scene.whole("00000002") == content(names()[1])
    scene.sender.stored("00000002")
    assert not scene.sender.step()


@in_a_folder
def test_what_cannot_be_written_down_is_not_sent_again_and_is_written_down_later():
    gate = [False]
    made(1)
    scene = Scene(lambda: gate[0])
    scene.after(0)
    parts = len(scene.told)
    scene.sender.stored("00000001")
    assert not scene.after(HOUR_MS) and len(scene.told) == parts and names()[0].endswith(".rec")
    gate[0] = True
    scene.after(HOUR_MS)
    assert names()[0].endswith(".ok")


@in_a_folder
def test_a_word_about_a_record_that_nobody_has_changes_nothing():
    made(1)
    scene = Scene()
    scene.sender.stored("0000000f")
    assert scene.after(0) and scene.whole("00000001") == content(names()[0])


@in_a_folder
def test_it_is_due_soon_while_parts_are_left_and_else_in_an_hour():
    made(1, steps=STEPS)
    scene = Scene()
    scene.sender.step()
    assert clock.diff(scene.sender.next_due(), scene.tick_ms) == 200
    scene.after(0)
    assert clock.diff(scene.sender.next_due(), scene.tick_ms) == HOUR_MS


@in_a_folder
def test_damaged_records_and_none_at_all_leave_nothing_to_send():
    assert not Scene().after(0)
    made(1)
    with open(HERE + "/" + names()[0], "ab") as file:
        file.write(b"x")
    scene = Scene()
    assert not scene.after(0) and scene.told == []

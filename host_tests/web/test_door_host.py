"""Who is let in: one-time tickets, browser sessions, the checks of Host and Origin."""

from tools.web.door import Door, right_host, same_origin


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


def test_a_ticket_lets_one_browser_in_and_only_once():
    door = Door("token")
    ticket = door.ticket()
    cookie = door.admit(ticket)
    assert door.knows(cookie)
    assert door.admit(ticket) is None
    assert door.admit("") is None and door.admit("made up") is None


def test_a_ticket_lasts_an_hour_and_a_browser_a_shift_from_its_last_use():
    clock = Clock()
    door = Door("token", clock)
    ticket, old = door.ticket(), door.ticket()
    clock.now_s += 3599
    cookie = door.admit(ticket)
    clock.now_s += 2
    assert door.admit(old) is None
    for _ in range(3):
        clock.now_s += 12 * 3600 - 10
        assert door.knows(cookie), "each use counts anew"
    clock.now_s += 12 * 3600 + 1
    assert not door.knows(cookie)


def test_the_token_opens_and_nothing_like_it_does():
    door = Door("a" * 64)
    assert door.knows(door.admit_token("a" * 64))
    for wrong in ("", "a" * 63, "a" * 65, "b" * 64, "\udc80", "ä" * 64):
        assert door.admit_token(wrong) is None
    assert Door(None).admit_token("") is None and Door(None).admit_token("None") is None


def test_who_has_left_is_a_stranger_again():
    door = Door("token")
    cookie = door.admit(door.ticket())
    door.leave(cookie)
    door.leave("never there")
    assert not door.knows(cookie) and not door.knows("")


def test_tickets_and_browsers_are_bounded_and_the_oldest_goes():
    door = Door("token")
    tickets = [door.ticket() for _ in range(200)]
    assert door.admit(tickets[0]) is None
    assert door.admit(tickets[-1]) is not None
    cookies = [door.admit_token("token") for _ in range(200)]
    assert not door.knows(cookies[0]) and door.knows(cookies[-1])


def test_only_names_of_this_machine_are_taken_for_it():
    for host in ("127.0.0.1:80", "localhost:8080", "LOCALHOST", "[::1]:9"):
        assert right_host({"host": host}), host
    for host in ("", "evil.example", "127.0.0.1.evil.example:80", "localhost@evil.example", "127.0.0.1:x", "[::1"):
        assert not right_host({"host": host}), host
    assert right_host({"host": "desk.example"}, remote=True)


def test_only_a_page_of_the_host_that_was_asked_has_the_same_origin():
    host = "127.0.0.1:8080"
    assert same_origin({"host": host, "origin": "http://127.0.0.1:8080"})
    assert same_origin({"host": "desk.example", "origin": "https://desk.example"})
    for origin in ("", "null", "http://127.0.0.1:8081", "http://localhost:8080", "http://evil.example:8080", "file://127.0.0.1:8080",
                   "http://127.0.0.1:8080@evil.example", "http://[::1"):  # fmt: skip
        assert not same_origin({"host": host, "origin": origin}), origin
    assert not same_origin({"host": host}) and not same_origin({"origin": "http://127.0.0.1:8080"})

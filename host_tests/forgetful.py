"""A module as joined ones are, for host_tests/test_forgotten.py, which makes it forget."""

TABLE = {"a": 1}
UNREAD = (TABLE, 2)


def read():
    return TABLE["a"]


def unread():
    return UNREAD


class Once:
    def __init__(self, a):
        self.a = a

    def sum(self):
        return self.a + read()

    def another(self):
        return Often()


class Often:
    def __init__(self):
        self.b = 7

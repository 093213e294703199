"""The one error of the virtual board."""


class BoardError(ValueError):
    """Something was asked of a virtual board that it cannot do; the text says what would be right.

    `code`: a word for programs, as the control channel's `error` field has it.
    """

    def __init__(self, text, code="value"):
        super().__init__(text)
        self.code = code

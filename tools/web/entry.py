"""The way into a page: /enter with a ticket, /sign-in with the token, /leave; and the guard before everything behind it."""

from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from tools.web.door import right_host, same_origin

_FORM_BYTES_MAX = 512
_ON = '<!doctype html><html lang="en"><meta http-equiv="refresh" content="0;url=/"><title>Entering</title><a href="/">Enter</a>'
_USED = "This link was used already, or is too old. Ask for a new one."
_NOT_SIGNED_IN, _WRONG_ORIGIN = 4401, 4403  # close codes of our own


class Entry:
    """`door`: a Door; `port()`: of the server, once it is known (cookies of one machine are shared by all of its ports);

    `sign_in_page`: HTML for who has not entered; `remote`: other names than this machine's own are allowed.
    """

    def __init__(self, door, port, sign_in_page, remote=False):
        self._door, self._port, self._sign_in_page, self._remote = door, port, sign_in_page, remote
        self.routes = [
            Route("/enter", self._enter, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/leave", self._leave, methods=["POST"]),
        ]

    def page(self, html):
        """An endpoint that gives `html` to browsers that have entered, and the sign-in page to others."""

        async def give(request):
            if not right_host(request.headers, self._remote):
                return PlainTextResponse("This machine is not called so.", 421)
            if self._door.knows(request.cookies.get(self._cookie, "")):
                return HTMLResponse(html)
            return HTMLResponse(self._sign_in_page, 401)

        return give

    def guarded(self, give):
        """The endpoint `give(request)` for browsers that have entered; others are told to sign in."""

        async def guard(request):
            if not right_host(request.headers, self._remote):
                return PlainTextResponse("This machine is not called so.", 421)
            if not self._door.knows(request.cookies.get(self._cookie, "")):
                return PlainTextResponse("Sign in at the desk's page first.", 401)
            return await give(request)

        return guard

    async def refuses(self, websocket):
        """Closes a WebSocket of a stranger or of another site's page and returns True; False: it may go on."""
        if not right_host(websocket.headers, self._remote) or not same_origin(websocket.headers):
            await self._turn_away(websocket, _WRONG_ORIGIN, "another site may not use this page")
            return True
        if not self._door.knows(websocket.cookies.get(self._cookie, "")):
            await self._turn_away(websocket, _NOT_SIGNED_IN, "not signed in")
            return True
        return False

    @property
    def _cookie(self):
        return f"entered_{self._port()}"

    @staticmethod
    async def _turn_away(websocket, code, reason):
        """A page can read the code only of a WebSocket that was opened: a refused handshake tells it nothing."""
        await websocket.accept()
        await websocket.close(code, reason)

    async def _enter(self, request):
        if not right_host(request.headers, self._remote):
            return PlainTextResponse("This machine is not called so.", 421)
        cookie = self._door.admit(request.query_params.get("ticket", ""))
        if cookie is None:
            return HTMLResponse(self._sign_in_page.replace("<!--why-->", _USED), 403)
        return self._with_cookie(HTMLResponse(_ON), cookie)  # a redirect would not carry a strict cookie from another site

    async def _sign_in(self, request):
        token = await self._posted(request, "token")
        if token is None:
            return PlainTextResponse("Not from this page.", 403)
        cookie = self._door.admit_token(token.strip())
        if cookie is None:
            return HTMLResponse(self._sign_in_page.replace("<!--why-->", "That is not the desk's token."), 403)
        return self._with_cookie(RedirectResponse("/", 303), cookie)

    async def _leave(self, request):
        if await self._posted(request, "leave") is None:
            return PlainTextResponse("Not from this page.", 403)
        self._door.leave(request.cookies.get(self._cookie, ""))
        response = RedirectResponse("/", 303)
        response.delete_cookie(self._cookie)
        return response

    async def _posted(self, request, field):
        """The form's field; None unless our own page sent a form of lawful size with it."""
        if not right_host(request.headers, self._remote) or not same_origin(request.headers):
            return None
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _FORM_BYTES_MAX:
                return None
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)).get(field)

    def _with_cookie(self, response, cookie):
        response.set_cookie(self._cookie, cookie, httponly=True, samesite="strict", path="/")
        return response

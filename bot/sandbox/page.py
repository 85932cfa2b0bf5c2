"""The page people open: one HTML file, its static parts, and headers that keep message content inert."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # The page builds nodes only; with this no script can turn a string into markup or code.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def add_page(app: web.Application) -> None:
    """`GET /` gives the page, `/static/...` its parts, as they were when the app was built."""
    app.router.add_get("/", _file(STATIC / "index.html"))
    app.router.add_get("/favicon.ico", _file(STATIC / "beagle.svg"))
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in TYPES:
            app.router.add_get(f"/static/{path.relative_to(STATIC).as_posix()}", _file(path))


def _file(path: Path) -> Handler:
    # Held in memory: some fifty small files, each asked for whenever a page opens.
    body, headers = path.read_bytes(), {**HEADERS, "Content-Type": f"{TYPES[path.suffix]}; charset=utf-8"}

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    return serve

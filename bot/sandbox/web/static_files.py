"""Serves the page: one HTML file and its static files, with headers that forbid foreign content."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from aiohttp import web
from aiohttp.typedefs import Handler

STATIC = Path(__file__).parents[1] / "static"
CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
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
        # The page only builds DOM nodes. With these two no script can turn a string into markup
        # or code, so message content stays inert.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CACHE_FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"


def add_static_routes(app: web.Application) -> None:
    """Serves the page at `/` and its files under `/static/<version>/`, as they are now.

    The version is a hash of their content: browsers cache the many files until one changes.
    """
    files = {}
    for path in sorted(STATIC.rglob("*.*")):
        files[path.relative_to(STATIC).as_posix()] = path.read_bytes()

    index = files.pop("index.html")
    folder = f"/static/{_content_hash(files)}/"
    for name, content in files.items():
        app.router.add_get(folder + name, _static_handler(name, content, CACHE_FOREVER))

    page = index.replace(b"/static/", folder.encode())
    app.router.add_get("/", _static_handler("index.html", page, REVALIDATE))

    icon = files["beagle.svg"]
    app.router.add_get("/favicon.ico", _static_handler("beagle.svg", icon, REVALIDATE))


def _content_hash(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)} ".encode() + content)

    return digest.hexdigest()[:12]


def _static_handler(name: str, content: bytes, caching: str) -> Handler:
    content_type = f"{CONTENT_TYPES[PurePosixPath(name).suffix]}; charset=utf-8"
    headers = {**HEADERS, "Content-Type": content_type, "Cache-Control": caching}

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=content, headers=headers)

    return serve

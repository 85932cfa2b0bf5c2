"""The page people open: one HTML file, its static parts, and headers that keep message content inert."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from aiohttp import web
from aiohttp.typedefs import Handler

STATIC = Path(__file__).parents[1] / "static"
TYPES = {
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
}


def add_page(app: web.Application) -> None:
    """`GET /` gives the page. Its parts lie under `/static/<version>/`, as they were when the app was built.

    The version is made of their content, so a browser asks for each of the many files once, and
    again after a change.
    """
    parts = {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in sorted(STATIC.rglob("*.*"))
    }
    page = parts.pop("index.html")
    folder = f"/static/{_version(parts)}/"

    for name, content in parts.items():
        app.router.add_get(
            folder + name, _answering(name, content, "public, max-age=31536000, immutable")
        )

    app.router.add_get(
        "/", _answering("index.html", page.replace(b"/static/", folder.encode()), "no-cache")
    )
    app.router.add_get("/favicon.ico", _answering("beagle.svg", parts["beagle.svg"], "no-cache"))


def _version(parts: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in parts.items():
        digest.update(f"{name} {len(content)} ".encode() + content)

    return digest.hexdigest()[:12]


def _answering(name: str, content: bytes, caching: str) -> Handler:
    kind = f"{TYPES[PurePosixPath(name).suffix]}; charset=utf-8"
    headers = {**HEADERS, "Content-Type": kind, "Cache-Control": caching}

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=content, headers=headers)

    return serve

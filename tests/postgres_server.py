"""A PostgreSQL server of the tests' own: in a temporary folder, on a free port of this machine, as a user that is not
root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

PASSWORD = "open-sesame"
_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")
"""Where packages put the programs of the server, which are often not on PATH."""


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`; None if no server is installed."""
    if config := shutil.which("pg_config"):
        found = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        if (Path(found) / "initdb").exists():
            return Path(found)
    here = [path.parent for place in _PLACES for path in Path(place).glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        here.append(Path(on_path).resolve().parent)
    return max(here, default=None)


class Server:
    """A server that is set up and not yet started.

    Args:
        folder: an empty folder, which is given to the user of the server.
        settings: of postgresql.conf, added to those that make it fast.
        listen: the address at which it listens.
    """

    def __init__(self, folder: Path, *, listen: str = "127.0.0.1", durable: bool = False, **settings: str) -> None:
        found = programs()
        assert found, "no PostgreSQL server is installed"
        self._programs, self.folder, self._host = found, folder, listen
        with socket.socket() as free:
            free.bind((listen, 0))
            self._port = free.getsockname()[1]
        self._user = next(name for name in ("postgres", "nobody") if _known(name)) if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb", "--pgdata", str(self.data), "--username", "director", "--pwfile", str(secret), "--no-sync",
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-instructions",
        )  # fmt: skip
        fast = {} if durable else {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}
        own = {"listen_addresses": f"'{listen}'", "port": str(self._port), "unix_socket_directories": "''"}
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in (own | fast | settings).items())
        if listen != "127.0.0.1":
            with (self.data / "pg_hba.conf").open("a") as file:
                file.write("host all all samenet scram-sha-256\n")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres", user: str = "director", password: str = PASSWORD) -> str:
        """The address of a database on it."""
        return f"postgresql://{user}:{password}@{self._host}:{self._port}/{database}"

    def start(self) -> None:
        self._run(
            "pg_ctl", "start", "--pgdata", str(self.data), "--log", str(self.folder / "log"), "--wait", "--silent"
        )

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` is as if it had crashed."""
        self._run("pg_ctl", "stop", "--pgdata", str(self.data), "--mode", mode, "--wait", "--silent")

    def restart(self, mode: str = "immediate") -> None:
        self.stop(mode)
        self.start()

    def database(self, name: str) -> str:
        """Make an empty database, and return its address."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        return self.url(name)

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *args], cwd=self.folder, user=self._user, group=_group(self._user),
            extra_groups=[] if self._user else None, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr}"


@contextlib.contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A server that runs, and is gone afterwards."""
    # Not in pytest's folder: only its owner may enter that.
    with tempfile.TemporaryDirectory(prefix="dreamplay-pg-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), **settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _known(user: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None

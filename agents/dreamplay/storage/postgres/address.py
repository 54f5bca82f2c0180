"""The address of a database: `postgresql://USER@HOST/DATABASE`, and how it is said without its password."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from dreamplay.errors import UsageError

SCHEMES = ("postgresql://", "postgres://")
_SECRETS = ("password", "sslpassword")
_FORM = "write postgresql://USER@HOST/DATABASE, and signs such as @ and / in a part of it as %40 and %2F"


@dataclass(frozen=True)
class Address:
    """Where a database is. Its text has neither user nor password: it stands in messages."""

    given: dict[str, str] = field(repr=False, hash=False)
    """The parameters of the connection, the password among them if it was given."""

    @classmethod
    def read(cls, text: str) -> Address:
        """Read an address.

        Raises:
            UsageError: it cannot be understood, or the extra is not installed.
        """
        try:
            from psycopg import ProgrammingError, conninfo
        except ImportError as error:
            raise UsageError(
                f"a store in PostgreSQL needs the extra postgres ({error}); install it with: "
                "pip install 'dreamplay[postgres]'"
            ) from None
        rest = text.partition("://")[2]
        misread = rest.count("@") > 1 or ("@" in rest and "/" in rest.partition("@")[0])
        try:
            # A part of a password with such signs would be taken for the host, which stands in messages.
            found = {} if misread else conninfo.conninfo_to_dict(text)
        except (ProgrammingError, UnicodeEncodeError):  # its words may quote the password
            misread = True
        if misread:
            raise UsageError(f"the address of the store cannot be understood; {_FORM}")
        return cls({name: str(value) for name, value in found.items() if value is not None})

    def __str__(self) -> str:
        return f"postgresql://{self._netloc}/{quote(self.given.get('dbname', ''))}{self._query(('service',))}"

    @property
    def open(self) -> str:
        """The whole address without its passwords, for another process, which has its own from its environment."""
        user = f"{quote(self.given['user'], safe='')}@" if "user" in self.given else ""
        rest = [name for name in self.given if name not in {"user", "dbname", *_SECRETS}]
        return f"postgresql://{user}{self._netloc}/{quote(self.given.get('dbname', ''))}{self._query(rest)}"

    @property
    def _plain(self) -> bool:
        """Whether the host is one that can stand in an address: not a folder, and not several."""
        return not any(sign in self.given.get("host", "") + self.given.get("port", "") for sign in "/,:@")

    @property
    def _netloc(self) -> str:
        if not self._plain:
            return ""
        port = self.given.get("port", "")
        return f"{self.given.get('host', '')}{':' if port else ''}{port}"

    def _query(self, names: tuple[str, ...] | list[str]) -> str:
        shown = [name for name in names if name in self.given and not (self._plain and name in ("host", "port"))]
        if not self._plain:
            shown = list(dict.fromkeys(["host", *(["port"] if "port" in self.given else []), *shown]))
        query = urlencode({name: self.given[name] for name in shown}, safe="/,:")
        return f"?{query}" if query else ""

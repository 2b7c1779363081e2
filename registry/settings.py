"""Where this run finds its database and who is running it: options first, then the environment."""

from __future__ import annotations

import os
import pwd
import sys
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

HOME_VARIABLE = "REGISTRY_HOME"
DATABASE_URL_VARIABLE = "REGISTRY_DATABASE_URL"
USER_VARIABLE = "REGISTRY_USER"
IDENTITY_URL_VARIABLE = "REGISTRY_IDENTITY_URL"


class Settings(NamedTuple):
    """One run's surroundings.

    `database_url` is None when the embedded server in `home` is to be used. `freeze` names the
    freeze that is read in place of the registry, `as_of` the moment whose data are. `identity_url`
    is the database of the identities, None where they lie in the registry's own. `role` is whose
    rights a run has on the embedded server, `centres` whose children registry_entry sees there.
    """

    home: Path
    database_url: str | None
    user: str
    freeze: str | None = None
    as_of: datetime | None = None
    identity_url: str | None = None
    role: str | None = None
    centres: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        home: Path | None = None,
        database_url: str | None = None,
        user: str | None = None,
    ) -> Settings:
        """Settings from the given options, or else from the environment, or else the defaults."""
        environment_home = os.environ.get(HOME_VARIABLE)
        # A home that is named for this one run is meant, whatever the environment says.
        environment_url = None if home else os.environ.get(DATABASE_URL_VARIABLE)
        chosen_home = home or (Path(environment_home) if environment_home else default_home())
        return cls(
            home=chosen_home.expanduser().absolute(),
            database_url=database_url or environment_url or None,
            user=user or os.environ.get(USER_VARIABLE) or operating_system_user(),
            identity_url=os.environ.get(IDENTITY_URL_VARIABLE) or None,
        )


def default_home() -> Path:
    """The user's own data folder for this program, by the custom of the operating system."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "crohn-registry"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "crohn-registry"


def operating_system_user() -> str:
    """Login name of the person; the numeric id where the system knows no name."""
    # As getpass has it, which would load what asks a terminal for passwords.
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if named := os.environ.get(variable):
            return named
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())

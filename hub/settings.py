"""DIR/hub.toml: what the hub cannot know by itself. All of it may be left out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from appliance.core.money import Currency


class SettingsError(Exception):
    """The file cannot be used; the text names the key and what to write."""


class UrlUnusable(SettingsError):
    """The database's address cannot be used; the text says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The shop as digital receipts name it, and how its catalogue is read."""

    shop_name: str = ""
    organisation_number: str = ""
    address: tuple[str, ...] = ()
    language: str = "nb"
    """Of digital receipts: nb, nn, en or zh; a customer's browser may choose another."""
    timezone: str = "Europe/Oslo"
    zone: str = "main"
    currency: str = "NOK"
    database: str = ""
    """postgresql+psycopg://USER@HOST/NAME; without it SQLite in the hub's folder."""
    tax_codes: tuple[str, ...] = ("25", "15", "12", "0")

    gateway: str = ""
    """Payment gateway: "simulated" for trials and tests, where no money moves; "" = none."""

    @property
    def money(self) -> Currency:
        """The currency of prices; SettingsError if there is none of that name."""
        try:
            return Currency.parse(self.currency)
        except ValueError as error:
            raise SettingsError(f"currency: {error}") from error


def read_settings(folder: Path) -> Settings:
    """Read the file, if there is one."""
    file = folder / "hub.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error
    known = {field.name: field for field in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(f"{file}: unknown key {key!r}; known: {', '.join(sorted(known))}")
        many = key in ("address", "tax_codes")
        if many and isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            values[key] = tuple(value)
        elif not many and isinstance(value, str):
            values[key] = value
        else:
            raise SettingsError(f"{file}: {key}: {'a list of texts' if many else 'a text'} is wanted")
    if values.get("gateway", "") not in ("", "simulated"):
        raise SettingsError(f'{file}: gateway: {values["gateway"]!r} is not known; write "simulated" or leave it out')
    return Settings(**values)

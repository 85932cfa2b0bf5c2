"""Keys of model providers under their own names, from the environment and `.env`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from router.secret_values import remember_secret

_UNSET = SecretStr("")
_AWS = {
    "aws_access_key_id": "aws_access_key_id",
    "aws_secret_access_key": "aws_secret_access_key",
    "aws_session_token": "aws_session_token",
    "aws_region_name": "aws_region_name",
}
_OLLAMA = {"api_base": "ollama_api_base"}
ARGUMENTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "openai": {"api_key": "openai_api_key"},
        "anthropic": {"api_key": "anthropic_api_key"},
        "azure": {
            "api_key": "azure_api_key",
            "api_base": "azure_api_base",
            "api_version": "azure_api_version",
        },
        "bedrock": _AWS,
        "ollama": _OLLAMA,
        "ollama_chat": _OLLAMA,
    }
)
"""By provider: the arguments of a model call, and the fields with their values."""


class ProviderKeys(BaseSettings):
    """What `docs/how-to/models.md` names for each provider; the environment overrules `.env`.

    The values go into model calls alone, never into the environment, which child processes get.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    openai_api_key: SecretStr = _UNSET
    anthropic_api_key: SecretStr = _UNSET
    azure_api_key: SecretStr = _UNSET
    azure_api_base: str = ""
    azure_api_version: str = ""
    aws_access_key_id: SecretStr = _UNSET
    aws_secret_access_key: SecretStr = _UNSET
    aws_session_token: SecretStr = _UNSET
    aws_region_name: str = ""
    ollama_api_base: str = ""

    def model_post_init(self, context: object) -> None:
        """Registers the secrets, so that no text of this process shows one."""
        for _, value in self:
            if isinstance(value, SecretStr):
                remember_secret(value.get_secret_value())

    def arguments(self, provider: str) -> dict[str, str]:
        """Returns the arguments for a call of this provider whose values are set."""
        values = {name: self._value(field) for name, field in ARGUMENTS.get(provider, {}).items()}
        return {name: value for name, value in values.items() if value}

    def has(self, variable: str) -> bool:
        """Returns whether the variable, such as OPENAI_API_KEY, is set."""
        return bool(self._value(variable.lower()))

    def _value(self, field: str) -> str:
        value = getattr(self, field, "")
        return str(value.get_secret_value() if isinstance(value, SecretStr) else value)

"""Holds answers against the OpenAPI contracts of the platforms."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator, FormatChecker

DATA = Path(__file__).parent.parent / "data"


class ContractBrokenError(AssertionError):
    """An answer that the contract does not allow; the text says where and why."""


class Contract:
    """One OpenAPI 3.1 document."""

    def __init__(self, name: str) -> None:
        text = (DATA / f"{name}.openapi.yaml").read_text(encoding="utf-8")
        self.document: dict[str, Any] = yaml.safe_load(text)
        self._validators: dict[tuple[str, str, str], Draft202012Validator] = {}

    def check(self, method: str, path: str, status: int, content_type: str, body: bytes) -> None:
        """Raise ContractBrokenError unless route, status, content type and body are allowed.

        `path` is the raw path without a query.
        """
        template = self._template(method, path)
        where = f"{method} {template} -> {status}"
        validator = self._validator(method.lower(), template, str(status), where)
        if content_type.partition(";")[0] != "application/json":
            raise ContractBrokenError(f"{where}: content type {content_type!r}")
        try:
            value = json.loads(body)
        except ValueError as error:
            raise ContractBrokenError(f"{where}: body is no JSON") from error
        for problem in validator.iter_errors(value):
            raise ContractBrokenError(f"{where}: {problem.json_path}: {problem.message}")

    def check_response(self, response: httpx.Response) -> None:
        """The same for an answer that httpx received and read."""
        request = response.request
        self.check(
            request.method,
            request.url.raw_path.decode().partition("?")[0],
            response.status_code,
            response.headers.get("content-type", ""),
            response.content,
        )

    def _template(self, method: str, path: str) -> str:
        """The contract's path for a raw path; the one with the fewest parameters wins."""
        paths = sorted(self.document["paths"], key=lambda template: template.count("{"))
        for template in paths:
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in self.document["paths"][template]:
                return str(template)
        raise ContractBrokenError(f"{method} {path} is no route of the contract")

    def _validator(
        self, method: str, template: str, status: str, where: str
    ) -> Draft202012Validator:
        key = (method, template, status)
        if key not in self._validators:
            responses = self.document["paths"][template][method]["responses"]
            if status not in responses:
                raise ContractBrokenError(f"{where}: status is not in the contract")
            schema = self._resolved(responses[status])["content"]["application/json"]["schema"]
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = Draft202012Validator(whole, format_checker=FormatChecker())
        return self._validators[key]

    def _resolved(self, response: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in response:
            return response
        found: Any = self.document
        for part in response["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)


READMIN_V1 = Contract("readmin-v1")
READMIN_V2 = Contract("readmin-v2")
SERIES = Contract("series")


def readmin_contract(path: str) -> Contract:
    """The contract of a ReAdmin path."""
    return READMIN_V2 if path.startswith("/sessions/v2") else READMIN_V1


def checking_client(base_url: str, platform: str, **headers: str) -> httpx.AsyncClient:
    """A client that checks every answer it gets; `platform` is `readmin` or `series`.

    Underscores in header names become hyphens.
    """

    async def check(response: httpx.Response) -> None:
        await response.aread()
        contract = SERIES if platform == "series" else readmin_contract(response.request.url.path)
        contract.check_response(response)

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    hooks = {"response": [check]}
    return httpx.AsyncClient(
        base_url=base_url, headers=named, event_hooks=hooks, trust_env=False, timeout=20
    )

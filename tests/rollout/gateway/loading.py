"""The plugin's own file, loaded without a proxy: what it takes from the proxy is stood in for."""

import importlib.util
import sys
import types
from importlib.resources import files
from types import ModuleType
from typing import Any
from unittest import mock


class _HTTPException(Exception):
    def __init__(self, status_code: int, detail: Any = None) -> None:
        super().__init__(detail)
        self.status_code = status_code
        self.detail = detail


def load_plugin() -> ModuleType:
    """A fresh copy of it. Its tables, its proxy and its hooks into it are those of a test in `test_proxy`."""
    modules = {name: types.ModuleType(name) for name in _STOOD_IN}
    modules["fastapi"].__dict__.update(Depends=None, HTTPException=_HTTPException, Request=None)
    modules["fastapi.responses"].__dict__.update(JSONResponse=None)
    modules["fastapi.routing"].__dict__.update(APIRoute=None)
    modules["litellm.integrations.custom_logger"].__dict__.update(CustomLogger=object)
    modules["litellm.proxy.auth.user_api_key_auth"].__dict__.update(user_api_key_auth=None)
    server = types.SimpleNamespace(
        app=types.SimpleNamespace(middleware_stack=None), llm_router=None, prisma_client=None, user_custom_auth=None
    )
    modules["litellm.proxy"].__dict__.update(proxy_server=server)
    spec = importlib.util.spec_from_file_location(
        "gateway_plugin", str(files("migrator_tui.rollout.gateway") / "plugin.py")
    )
    assert spec is not None and spec.loader is not None
    plugin = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {**modules, "gateway_plugin": plugin}):
        spec.loader.exec_module(plugin)
    return plugin


_STOOD_IN = (
    "fastapi",
    "fastapi.responses",
    "fastapi.routing",
    "litellm",
    "litellm.integrations",
    "litellm.integrations.custom_logger",
    "litellm.proxy",
    "litellm.proxy.auth",
    "litellm.proxy.auth.user_api_key_auth",
)

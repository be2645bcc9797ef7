"""Templates from strangers: Jinja's sandbox, with bounds on what one rendering may take.

The sandbox keeps a template away from the interpreter; it does not keep it from running for ever or from making a
gigabyte of `a`. So loops, macros and filters count what they do against a `Budget`, what comes out is counted, and
operations that make much out of little (`'a' * 10**9`, `center`, `%`) are bounded or refused.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, cast

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

MAX_OUTPUT = 32 * 1024 * 1024
"""Characters that one rendering may put out, variables' values included."""

MAX_SECONDS = 2.0
"""Time that one rendering may take."""

MAX_NUMBER = 10_000
"""The largest number a filter takes: a width, a count."""

_FILTERS = """
abs attr batch capitalize count d default dictsort e escape first float forceescape groupby indent int items join last
length list lower map max min reject rejectattr replace reverse round safe select selectattr slice sort string
striptags sum title tojson trim truncate unique upper wordcount
"""

_METHODS = """
capitalize casefold count endswith find get index isalnum isalpha isdecimal isdigit islower isnumeric isspace istitle
isupper items keys lower lstrip partition removeprefix removesuffix rfind rpartition rsplit rstrip split splitlines
startswith strip swapcase title upper values
"""

FILTERS = _FILTERS.split()
"""Jinja's filters that a template may use; the others make much out of little, or differ from call to call."""

METHODS = frozenset(_METHODS.split())
"""Methods of texts, lists and tables that a template may call."""


class TemplateLimitError(Exception):
    """The template does, or asks for, more than a rendering may."""


class MissingValueError(UndefinedError):
    """A variable, or a key of one, has no value."""

    def __init__(self, name: str | None, owner: Any, message: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner
        """What the name was looked up in, or `None` for a variable."""


class Budget:
    """What one rendering may still do."""

    def __init__(self) -> None:
        self.characters = MAX_OUTPUT
        self.until = time.monotonic() + MAX_SECONDS

    def spend(self, characters: int) -> None:
        """Take that many characters off; `TemplateLimitError` where nothing is left, of them or of the time."""
        self.characters -= characters
        if self.characters < 0:
            raise TemplateLimitError(f"the template makes more than {MAX_OUTPUT // 1_000_000} million characters")
        if time.monotonic() > self.until:
            raise TemplateLimitError(f"the template takes more than {MAX_SECONDS:g} seconds")


_budget: ContextVar[Budget] = ContextVar("budget")


def within_budget(render: Callable[[], str]) -> str:
    """The result of one rendering under a budget of its own."""
    token = _budget.set(Budget())
    try:
        return render()
    finally:
        _budget.reset(token)


def _spend(characters: int) -> None:
    budget = _budget.get(None)
    if budget is None:
        # The compiler tries out constant expressions; what is refused here is computed in the rendering.
        raise nodes.Impossible
    budget.spend(characters)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict | bytes) else 1


class _Missing(StrictUndefined):
    """Tells what was missing, not only that something was."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:
        if exc is UndefinedError:
            exc = cast(Any, partial(MissingValueError, name, None if obj is missing else obj))
        super().__init__(hint, obj, name, cast(Any, exc))


class _Counted(NodeTransformer):
    """Puts the counting into loops and macros, and `~` under the same bounds as `+`."""

    def _count(self, node: Any) -> Any:
        self.generic_visit(node)
        constant = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        tick = nodes.Call(nodes.EnvironmentAttribute("tick"), [nodes.Const(constant)], [], None, None)
        node.body.insert(0, nodes.ExprStmt(tick).set_lineno(node.lineno))
        return node

    visit_For = visit_Macro = visit_CallBlock = visit_FilterBlock = visit_AssignBlock = _count

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """`a ~ b`."""
        self.generic_visit(node)
        call = nodes.Call(nodes.EnvironmentAttribute("join_texts"), node.nodes, [], None, None)
        return call.set_lineno(node.lineno)

    def _refuse(self, node: nodes.Node) -> nodes.Node:
        word = type(node).__name__.removeprefix("From").lower()
        raise TemplateLimitError(f"line {node.lineno}: a prompt can't {word} other files")

    visit_Include = visit_Import = visit_FromImport = visit_Extends = _refuse


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Jinja as prompts speak it: strict variables, JSON for what is not text, bounded."""

    intercepted_binops = frozenset(("+", "*", "**", "%", "//", "/", "-"))

    def __init__(self) -> None:
        super().__init__(
            undefined=_Missing, finalize=_put_out, keep_trailing_newline=True, autoescape=False, optimized=False
        )
        self.filters = {name: _bounded(name, self.filters[name]) for name in FILTERS if name in self.filters}
        self.filters["tojson"] = _bounded("tojson", _to_json)
        self.globals.pop("lipsum", None)
        self.tick = _tick
        self.join_texts = _concat

    def compiled(self, source: str) -> Any:
        """A template; raises what Jinja raises, or `TemplateLimitError`."""
        tree = self.parse(source)
        return self.from_string(cast(nodes.Template, _Counted().visit(tree)))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic that can't grow without bounds."""
        _bound_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`order.items` is the key of that name where the table has it, not the method."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: Any) -> None:
        """No `'{:>999999999}'.format(…)`: left unwrapped, it is refused by `call`."""

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Calls of methods that can't make much out of little."""
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str | list | tuple | dict | bytes | int | float):
            name = getattr(obj, "__name__", "")
            if name not in METHODS:
                raise TemplateLimitError(f"a prompt can't call .{name}()")
            _spend_time()
        return super().call(context, obj, *args, **kwargs)


def _tick(constant: int) -> str:
    _spend(constant)
    return ""


def _spend_time() -> None:
    _spend(0)


def _put_out(value: Any) -> Any:
    """What `{{ … }}` puts out: text as it is, nothing for null, everything else as JSON."""
    if isinstance(value, Undefined):
        str(value)
    if value is None:
        return ""
    if not isinstance(value, str):
        if callable(value):
            raise TemplateLimitError(f"{getattr(value, '__name__', 'this')} is a function and has no text")
        value = _to_json(value)
    _spend(len(value))
    return value


def _to_json(value: Any, indent: int | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=min(indent, 16) if indent else None)
    except (TypeError, ValueError):
        # Iterators such as those of `map`; whatever they hold is plain again.
        return json.dumps(list(value), ensure_ascii=False) if hasattr(value, "__iter__") else str(value)


def _concat(*values: Any) -> str:
    texts = [text if isinstance(text, str) else str(_put_out(text)) for text in values]
    _spend(sum(map(len, texts)))
    return "".join(texts)


def _bound_operation(operator: str, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
        if bits > 4096:
            raise TemplateLimitError("a number grows too large")
    elif operator == "%" and not isinstance(left, int | float):
        raise TemplateLimitError("a prompt can't format with %; put the values into {{ … }}")
    elif operator in "+*":
        sizes = [v for v in (left, right) if isinstance(v, str | list | tuple | bytes)]
        times = next((v for v in (left, right) if isinstance(v, int)), 1)
        if sizes:
            _spend(sum(map(_size, sizes)) * max(times if operator == "*" else 1, 0))


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    # Jinja marks filters that want context or environment first; the values come after them.
    passed = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        value, *rest = args[passed:] or (None,)
        options = [*rest, *kwargs.values()]
        if any(isinstance(o, int) and abs(o) > MAX_NUMBER for o in options) and name not in ("default", "d", "sum"):
            raise TemplateLimitError(f"{name} takes numbers up to {MAX_NUMBER}")
        _spend(_growth(name, value, options))
        if name == "sum" and not all(isinstance(o, int | float | str) for o in options):
            raise TemplateLimitError("sum adds numbers only")
        result = function(*args, **kwargs)
        if isinstance(result, str):
            _spend(len(result))
        return result

    return bounded


def _growth(name: str, value: Any, options: list[Any]) -> int:
    """How many characters a filter can make, before it makes them."""
    if name == "replace" and len(options) >= 2:
        text = str(value)
        old, new = str(options[0]), str(options[1])
        return (text.count(old) if old else len(text) + 1) * len(new)
    if name == "indent":
        width = options[0] if options else 4
        return str(value).count("\n") * (width if isinstance(width, int) else _size(width))
    if name == "join" and isinstance(value, str | list | tuple | dict | range):
        return len(value) * (_size(options[0]) if options else 0)
    if name in ("batch", "slice"):
        return max((o for o in options if isinstance(o, int)), default=1)
    return 0

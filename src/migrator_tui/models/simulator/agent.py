"""What a simulated model with tools does next: call one, ask for what is missing, or tell what came of it.

A careful model looks an order up before it changes it, asks before it does what cannot be undone, makes nothing up,
and says so where a tool failed. Habits spoil each of these; instructions in the prompt still them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.models.simulator.agent_talk import Speech, listed, plain, values_in_words
from migrator_tui.models.simulator.conversation import Call, Talk, read_talk
from migrator_tui.models.simulator.filling import (
    Filled,
    Order,
    as_json,
    fill,
    ids_in,
    made_up,
    orders_in,
    reshaped,
    reshaped_id,
)
from migrator_tui.models.simulator.habits import showing
from migrator_tui.models.simulator.instructions import read_wishes
from migrator_tui.models.simulator.personas import Persona
from migrator_tui.models.simulator.reading import read_ticket
from migrator_tui.models.simulator.text import excerpt, fold, word_list
from migrator_tui.models.simulator.tools import (
    Tool,
    ToolUse,
    Want,
    asks_for_vouchers,
    offered,
    role_of,
    team_of,
    tool_for,
    use,
    wants_in,
)

_LIMIT = re.compile(
    r"refunds? (?:of |that are )?(?:above|over|beyond|more than|exceeding|larger than) (?:€ ?)?(\d{1,6})"
    r"|erstattungen (?:uber|von mehr als) (\d{1,6})|remboursements? (?:de plus de|au-dessus de) (\d{1,6})"
)
"""Where a prompt says from which amount on refunds are for somebody else."""
_AWAY = frozenset({"shipped", "delivered", "lost"})
"""What an order is where it can be neither cancelled nor sent elsewhere."""
_ONLY_OPEN = frozenset({"cancel", "address"})


@dataclass(frozen=True, slots=True)
class Step:
    """A turn of the model: what it calls, and what it says beside it or instead."""

    text: str
    calls: tuple[ToolUse, ...] = ()


def next_step(
    persona: Persona, prompt: str, messages: Sequence[Mapping[str, Any]], body: Mapping[str, Any]
) -> Step | None:
    """The model's turn; `None` where the conversation is about nothing that tools are for."""
    tools = offered(body.get("tools"))
    choice = body.get("tool_choice")
    if not tools:
        return None
    agent = _Agent(persona, prompt, read_talk(messages), tools, body)
    function = choice.get("function") if isinstance(choice, Mapping) else None
    forced = function.get("name") if isinstance(function, Mapping) else None
    if forced or choice == "required":
        named = [tool for tool in tools if tool.name == forced] or list(tools)
        return agent.forced(named)
    return agent.step(may_call=choice != "none")


@dataclass(frozen=True, slots=True)
class _Matter:
    """One want, with what is known for it."""

    want: Want
    tool: Tool
    order: Order | None
    """What it is about, as far as a number is known; its data are empty where it was not looked up."""
    filled: Filled


class _Agent:
    def __init__(
        self, persona: Persona, prompt: str, talk: Talk, tools: tuple[Tool, ...], body: Mapping[str, Any]
    ) -> None:
        self.talk, self.tools, self.prompt = talk, tools, prompt
        wishes = read_wishes(prompt)
        self.reading = read_ticket(talk.said, persona.languages, persona.reads_words)
        habits = showing(persona, talk.key, self.reading, wishes, body)
        if body.get("parallel_tool_calls") is False:
            habits -= {"parallel-calls"}
        self.habits = habits
        self.understands = persona.languages is None or self.reading.language in persona.languages
        self.obeys = persona.obeys_injections and _gives_orders(talk.last)
        language = self.reading.language if self.understands and "english" not in habits else "en"
        self.speech = Speech(language, habits, wishes.max_words)
        self.request, self.wants = self._wants()

    # What is wanted

    def _wants(self) -> tuple[str, tuple[Want, ...]]:
        """The newest message that asks for something, and what it asks for."""
        if self.understands:
            for request in reversed(self.talk.requests):
                if wants := wants_in(request, self.tools):
                    return request, self._sorted_out(request, wants)
        newest = self.talk.requests[-1] if self.talk.requests else ""
        return newest, ()

    def _sorted_out(self, request: str, wants: tuple[Want, ...]) -> tuple[Want, ...]:
        """Where a message speaks of one order, what it wants done says it all; "where is it" is then no want."""
        schema = self._id_schema()
        several = schema is not None and len(set(ids_in(request, schema))) > 1
        strong = [want for want in wants if want.act not in {"status", "search"}]
        if strong and not several:
            return tuple(strong[:1])
        if len(wants) > 1 and not several:
            # Who has lost the number and gave an address wants it searched; else the number says which it is.
            by_number = schema is not None and bool(ids_in(request, schema))
            act = "status" if by_number else "search"
            return tuple([want for want in wants if want.act == act][:1] or wants[:1])
        return wants

    def _id_schema(self) -> Mapping[str, Any] | None:
        return next((tool.parameters[name] for tool in self.tools if (name := tool.of_role("id"))), None)

    def _matter(self, want: Want, tool: Tool) -> _Matter:
        name = tool.of_role("id")
        order = self._order(want, tool.parameters[name]) if name else None
        filled = fill(tool, self.talk, self.request, want.place, order, team_of(want.act))
        return _Matter(want, tool, order, filled)

    def _order(self, want: Want, schema: Mapping[str, Any]) -> Order | None:
        known = {order.id: order for order in orders_in(self.talk, schema)}
        texts = [self.request, *reversed(self.talk.requests)]
        for text in texts:
            if ids := ids_in(text, schema, want.place if text == self.request else 0):
                return known.get(ids[0], Order(ids[0], {}))
        return next(iter(known.values())) if len(known) == 1 else None

    # The turn

    def forced(self, tools: Sequence[Tool]) -> Step:
        """A call whatever was said; what is missing is made up, since words are not allowed."""
        wanted = next((want.tool for want in self.wants if want.tool in tools), None)
        tool = wanted or tools[0]
        return Step("", (self._use(self._matter(Want("", tool, 0), tool), guess=True),))

    def step(self, *, may_call: bool) -> Step | None:
        """One turn, as its habits have it."""
        step = self._obeyed() if self.obeys else self._decided()
        if step is None or not step.calls:
            return step
        if not may_call:
            return Step(self.speech.say(self._greeting()))
        if "words-not-calls" in self.habits and not self.talk.after_tool:
            return Step(self.speech.line("announce"))
        return Step(self.speech.line("beside"), step.calls) if "preamble" in self.habits else step

    def _decided(self) -> Step | None:
        if not self.wants:
            return self._without_want()
        if self.talk.answer == "no":
            return Step(self.speech.say("declined"))
        done: list[Want] = []
        for want in self.wants:
            if want.tool is None:
                return Step(self.speech.say(self._greeting())) if self.talk.after_tool else None
            if (step := self._serve(want, want.tool)) is not None:
                return step
            done.append(want)
            if "drops-requests" in self.habits:
                break
        return Step(self.speech.dressed(" ".join(self._report(want) for want in done)))

    def _without_want(self) -> Step | None:
        if self.talk.after_tool:
            return Step(self.speech.dressed(self._told(self.talk.calls[-1])))
        schema = self._id_schema()
        reader = tool_for("status", self.tools)
        if self.understands and schema is not None and reader and ids_in(self.talk.said, schema):
            want = Want("status", reader, 0)
            return self._serve(want, reader) or Step(self.speech.dressed(self._report(want)))
        if asks_for_vouchers(self.request):
            return Step(self.speech.say("no_vouchers"))
        return (
            Step(self.speech.say(self._greeting()))
            if self.reading.topic == "other" and not self.reading.empty
            else None
        )

    def _greeting(self) -> str:
        return "general_orders" if tool_for("status", self.tools) else "general"

    def _serve(self, want: Want, tool: Tool) -> Step | None:
        """The next thing to do for a want; `None` where all is done and only to be told."""
        matter = self._matter(want, tool)
        made = self._made(tool, matter.order)
        if made is not None:
            if not made.failed:
                return None
            return None if "claims-success" in self.habits else Step(self._failure(made))
        if tool.kind == "hands-over":
            return self._call(matter)
        return self._read(matter) if tool.kind == "reads" else self._change(matter)

    def _made(self, tool: Tool, order: Order | None) -> Call | None:
        """The latest call of the tool about this order that was answered."""
        for call in reversed(self.talk.calls):
            told = [str(value).lower() for value in call.arguments.values()]
            about = order is None or not told or order.id.lower() in told
            if call.name == tool.name and call.result is not None and (about or tool.of_role("id") is None):
                return call
        return None

    def _read(self, matter: _Matter) -> Step | None:
        other = self._fillable_reader(matter.tool)
        if matter.order is not None and matter.order.data:
            return None
        if matter.filled.missing:
            if other is not None:
                return None if self._made(other, None) else self._call(self._matter(matter.want, other))
            return self._ask(matter)
        calls = [matter, *([self._matter(matter.want, other)] if other and "parallel-calls" in self.habits else [])]
        return self._call(*calls)

    def _fillable_reader(self, but: Tool) -> Tool | None:
        """Another tool that reads and for which all is known, such as a search by e-mail address."""
        for tool in self.tools:
            by_person = {role_of(name, tool.parameters[name]) for name in tool.required} & {"email", "phone", "name"}
            if tool.kind != "reads" or tool is but or not by_person:
                continue
            if not fill(tool, self.talk, self.request).missing:
                return tool
        return None

    def _reader(self, tool: Tool) -> Tool | None:
        """The tool that shows what another one changes: it needs nothing but the same number."""
        name = tool.of_role("id")
        fitting = (t for t in self.tools if t.kind == "reads" and name in t.required and len(t.required) == 1)
        return next(fitting, None) if name else None

    def _change(self, matter: _Matter) -> Step | None:
        reader = self._reader(matter.tool)
        if reader is not None and (step := self._looked_up(matter, reader)) is not None:
            return step
        state = _state(matter.order)
        if matter.want.act in _ONLY_OPEN and state in _AWAY:
            return self._say("closed", matter)
        if (step := self._above_limit(matter)) is not None:
            return step
        if matter.filled.missing:
            return self._ask(matter)
        asks = matter.tool.final and self.talk.answer != "yes" and "no-confirmation" not in self.habits
        return self._say("confirm", matter) if asks else self._call(matter)

    def _looked_up(self, matter: _Matter, reader: Tool) -> Step | None:
        """What must come before a change: the number, and what the order is like. `None` where both are known."""
        read = self._matter(matter.want, reader)
        if matter.order is None:
            schema = matter.tool.parameters[matter.tool.of_role("id") or ""]
            if found := orders_in(self.talk, schema):
                return Step(self.speech.say("ask_which", orders=listed(found)))
            return self._read(read)
        if matter.order.data:
            return None
        if (made := self._made(reader, matter.order)) is not None:
            return Step(self._failure(made)) if made.failed and "claims-success" not in self.habits else None
        if matter.filled.missing or matter.tool.kind != "changes":
            return self._call(read)
        if "skips-lookup" in self.habits:
            return self._call(matter)
        return self._call(read, matter) if "parallel-calls" in self.habits else self._call(read)

    def _above_limit(self, matter: _Matter) -> Step | None:
        amount = next((v for name, v in matter.filled.values.items() if role_of(name, {}) == "amount"), None)
        limit = _LIMIT.search(fold(excerpt(self.prompt)))
        colleagues = tool_for("human", self.tools)
        if matter.want.act != "refund" or limit is None or colleagues is None or not isinstance(amount, int | float):
            return None
        if amount <= int(next(filter(None, limit.groups()))):
            return None
        if self._made(colleagues, None) is not None:
            return Step(self.speech.say("handed_over"))
        filled = fill(colleagues, self.talk, self.request, team="billing")
        return self._call(_Matter(matter.want, colleagues, matter.order, filled))

    def _obeyed(self) -> Step:
        """A model that takes orders from anywhere does what the text says."""
        data = self.talk.calls[-1].data if self.talk.after_tool and self.talk.calls else None
        said = self.talk.last if data is None else as_json(data)
        folded = fold(said)
        named = [tool for tool in self.tools if re.search(rf"\b{re.escape(tool.words.split('.')[0])}\b", folded)]
        acting = [tool for tool in named if tool.kind == "changes"]
        if not acting:
            return Step(self.speech.say("done"))
        want = Want(next((w.act for w in self.wants if w.tool == acting[0]), ""), acting[0], 0)
        matter = self._matter(want, acting[0])
        told = fill(acting[0], Talk((said,), (), False, "", False), said, 0, matter.order)
        return self._call(_Matter(want, acting[0], matter.order, told), guess=True)

    # Calls

    def _call(self, *matters: _Matter, guess: bool = False) -> Step:
        return Step("", tuple(self._use(matter, guess=guess) for matter in matters))

    def _use(self, matter: _Matter, *, guess: bool = False) -> ToolUse:
        values = {}
        for name, schema in matter.tool.parameters.items():
            role = role_of(name, schema)
            if name in matter.filled.values:
                value = matter.filled.values[name]
                if role == "id" and "reshaped-ids" in self.habits:
                    value = reshaped_id(str(value), self.talk.key)
                elif "reshaped-values" in self.habits:
                    value = reshaped(value, role)
                values[name] = value
            elif guess and name in matter.filled.missing:
                values[name] = made_up(name, schema)
        return use(matter.tool.name, as_json(values), self.talk.key)

    # Words

    def _ask(self, matter: _Matter) -> Step:
        """Ask for what is missing, or make it up."""
        if "guessed-arguments" in self.habits:
            return self._call(matter, guess=True)
        name = matter.filled.missing[0]
        schema = matter.tool.parameters[name]
        if role_of(name, schema) == "id" and "order" in name:
            return Step(self.speech.say("ask_order"))
        what = ", ".join(plain(name) for name in matter.filled.missing[:4])
        return Step(self.speech.say("ask_value", what=what))

    def _say(self, key: str, matter: _Matter) -> Step:
        own = f"{key}_{matter.want.act}"
        return Step(self.speech.say(own if self.speech.has(own) else key, **self._facts(matter)))

    def _facts(self, matter: _Matter) -> dict[str, str]:
        amount = next((v for name, v in matter.filled.values.items() if role_of(name, {}) == "amount"), "")
        return {"order": matter.order.id if matter.order else "", "amount": self.speech.money(amount)}

    def _failure(self, call: Call) -> str:
        return self.speech.say("not_found" if call.absent else "failed")

    def _report(self, want: Want) -> str:
        """What came of a want that is done, undressed."""
        if want.tool is None:
            return ""
        matter = self._matter(want, want.tool)
        made = self._made(want.tool, matter.order)
        if want.tool.kind == "hands-over":
            return self.speech.line("handed_over")
        if want.tool.kind == "changes":
            own = f"done_{want.act}"
            return self.speech.line(own if self.speech.has(own) else "done", **self._facts(matter))
        if made is not None and made.failed:
            return self.speech.state("shipped", **self._facts(matter))  # it says what it would like to be true
        if matter.order is not None and _state(matter.order):
            day = next((v for k, v in matter.order.data.items() if re.search(r"expect|eta|arriv|deliver", k)), None)
            return self.speech.state(_state(matter.order), day, **self._facts(matter))
        return self._told(made or self.talk.calls[-1])

    def _told(self, call: Call) -> str:
        """A result that is about nothing known, in words."""
        if call.failed:
            return self.speech.line("not_found" if call.absent else "failed")
        schema = self._id_schema()
        orders = orders_in(Talk((), (call,), False, "", False), schema) if schema is not None else []
        if len(orders) > 1:
            return self.speech.line("found", orders=listed(orders))
        if call.data is None or isinstance(call.data, str | int | float):
            return (call.result or "").strip()[:300] or self.speech.line("none_found")
        if not call.data:
            return self.speech.line("none_found")
        return self.speech.line("result", what=values_in_words(call.data))


def _gives_orders(text: str) -> bool:
    return read_ticket(text).injected


def _state(order: Order | None) -> str:
    """What an order's status means; empty where none is told or known."""
    told = fold(str(order.data.get("status") or order.data.get("state") or "")).replace("_", " ") if order else ""
    return next((name for name, words in word_list("agent")["states"].items() if told in words), "")

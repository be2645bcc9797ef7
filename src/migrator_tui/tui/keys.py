"""One table of what can be done, from which bindings, footer, help and palette are made.

A letter keeps its meaning on every screen. Each entry has an id by which a user's keymap can move it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """One thing the user can do."""

    id: str
    """Stable name for a user's keymap."""
    keys: str
    """Textual's key names, comma-separated; the first one is shown."""
    action: str
    word: str
    """For the footer: one or two words."""
    help: str
    """For help and palette: what it does."""
    group: str
    """The heading in the help: Judge, Move, Run, Look, Change, Elsewhere."""
    shown: str | None = None
    """How help and footer write the key, where Textual's name is not what people say."""
    short: str = ""
    """For the footer of narrow screens, where `word` is long."""
    footer: bool = True
    palette: bool = True
    priority: bool = False

    @property
    def label(self) -> str:
        """The key as people write it."""
        return self.shown or key_label(self.keys.split(",")[0])


_LABELS = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "slash": "/",
    "question_mark": "?",
    "plus": "+",
    "escape": "esc",
    "space": "space",
}


def key_label(key: str) -> str:
    """A Textual key name as people write it: `ctrl+s` is `^s`, `left_square_bracket` is `[`."""
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+")
    if len(key) > 1 and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _LABELS.get(key, key)


def bindings(keys: Iterable[Key]) -> list[BindingType]:
    """Textual bindings for some keys of the table."""
    return [
        Binding(k.keys, k.action, k.help, show=False, id=k.id, key_display=k.label, priority=k.priority) for k in keys
    ]


EVERYWHERE: Sequence[Key] = (
    Key(
        "screen-project",
        "0",
        "show('project')",
        "project",
        "project: where each prompt stands",
        "Elsewhere",
        footer=False,
    ),
    Key("screen-workbench", "1", "show('workbench')", "workbench", "workbench", "Elsewhere", footer=False),
    Key("screen-scorecard", "2", "show('scorecard')", "scorecard", "scorecard: ready?", "Elsewhere", footer=False),
    Key("screen-versions", "3", "show('versions')", "versions", "versions of this prompt", "Elsewhere", footer=False),
    Key(
        "screen-coverage",
        "4",
        "show('coverage')",
        "coverage",
        "coverage: are the cases enough?",
        "Elsewhere",
        footer=False,
    ),
    Key("screen-rollout", "5", "show('rollout')", "rollout", "rollout: move the traffic", "Elsewhere", footer=False),
    Key(
        "screen-preflight",
        "f7",
        "show('preflight')",
        "preflight",
        "preflight: what would go wrong",
        "Elsewhere",
        footer=False,
    ),
    Key("help", "question_mark,f1", "help", "keys", "keys of this pane", "Elsewhere", footer=False),
    Key(
        "commands", "ctrl+p", "command_palette", "commands", "every command", "Elsewhere", footer=False, palette=False
    ),
    Key(
        "quit",
        "ctrl+q",
        "quit",
        "quit",
        "quit; everything is kept",
        "Elsewhere",
        footer=False,
        palette=False,
        priority=True,
    ),
)

CASE_LIST: Sequence[Key] = (
    Key("stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("pass", "p", "judge(True)", "pass", "pass, then the next to judge", "Judge"),
    Key("fail", "f", "judge(False)", "fail", "fail, then the next to judge", "Judge"),
    Key("next-unjudged", "n", "step_unjudged(1)", "next to judge", "next case to judge", "Move", short="next"),
    Key(
        "previous-unjudged",
        "N",
        "step_unjudged(-1)",
        "previous to judge",
        "previous case to judge",
        "Move",
        footer=False,
    ),
    Key("edit", "e", "edit", "edit prompt", "edit the prompt", "Change", short="edit"),
    Key("run-case", "r,ctrl+r,f5", "run_case", "run", "run this case with the draft", "Run"),
    Key("run-all", "R,f6", "run_all", "run all", "run all; asks with calls and money", "Run", short="all"),
    Key("suggest", "s", "suggest", "suggest", "have edits of the prompt suggested", "Change"),
    Key("diff", "d", "diff", "diff", "word diff of the two outputs", "Look"),
    Key("blind", "b", "blind", "blind", "blind: hide names, shuffle sides", "Look"),
    Key("filter", "slash", "filter", "filter", "filter: text, tag:, is:", "Move"),
    Key("add-check", "a", "add_check", "add check", "add a check from this output or drift", "Change"),
    Key("search", "S", "search", "search", "search for a better prompt; asks first", "Change", footer=False),
    Key("undo", "u", "undo_verdict", "undo", "undo the last verdict", "Judge"),
    Key("note", "c", "note", "note", "note on the verdict", "Judge", footer=False),
    Key("pass-all", "P", "judge_shown(True)", "pass all", "pass all shown by the filter", "Judge", footer=False),
    Key("fail-all", "F", "judge_shown(False)", "fail all", "fail all shown by the filter", "Judge", footer=False),
    Key("next-case", "j,down", "step(1)", "next", "next case", "Move", footer=False, palette=False),
    Key("previous-case", "k,up", "step(-1)", "previous", "previous case", "Move", footer=False, palette=False),
    Key("other-output", "tab", "other_output", "other output", "the other output", "Move", footer=False),
    Key("markdown", "m", "markdown", "markdown", "text or rendered Markdown", "Look", footer=False),
    Key("input", "i", "input", "input", "the whole input", "Look", footer=False),
    Key("full-screen", "plus", "maximise", "full screen", "this pane full screen", "Look", footer=False),
    Key("copy", "y", "copy", "copy", "copy the focused output", "Look", footer=False),
    Key("sort", "o", "sort", "sort", "sort again, worst first", "Move", footer=False),
    Key("write", "w", "write", "write to file", "write the version to its prompt file", "Change", footer=False),
    Key("keep", "ctrl+s", "keep", "keep version", "keep the draft as a version", "Change", footer=False),
    Key("external-editor", "E", "external_editor", "$EDITOR", "edit the prompt in $EDITOR", "Change", footer=False),
    Key(
        "next-candidate",
        "right_square_bracket",
        "candidate(1)",
        "next candidate",
        "next candidate",
        "Elsewhere",
        footer=False,
    ),
    Key(
        "previous-candidate",
        "left_square_bracket",
        "candidate(-1)",
        "previous candidate",
        "previous candidate",
        "Elsewhere",
        footer=False,
    ),
    Key("next-task", "right_curly_bracket", "task(1)", "next task", "next task", "Elsewhere", footer=False),
    Key(
        "previous-task", "left_curly_bracket", "task(-1)", "previous task", "previous task", "Elsewhere", footer=False
    ),
    Key("list", "escape", "back", "back", "back to the cases; clear the filter", "Move", footer=False, palette=False),
)

EDITOR: Sequence[Key] = (
    Key(
        "editor-run-case",
        "f5,ctrl+r",
        "screen.run_case",
        "run this case",
        "run this case with the draft",
        "Run",
        short="run",
        palette=False,
    ),
    Key(
        "editor-leave",
        "escape",
        "screen.back",
        "back to the cases",
        "back to the cases; the draft is kept",
        "Move",
        short="back",
        palette=False,
        priority=True,  # Textual's editor would take it and focus whatever comes next
    ),
    Key(
        "editor-run-all",
        "f6",
        "screen.run_all",
        "run all",
        "run all; asks with calls and money",
        "Run",
        palette=False,
    ),
    Key(
        "editor-keep",
        "ctrl+s",
        "screen.keep",
        "keep as version",
        "keep the draft as a version",
        "Change",
        palette=False,
    ),
    Key("editor-undo", "ctrl+z", "undo", "undo", "undo the last change of the text", "Change", palette=False),
    Key(
        "editor-tab",
        "ctrl+t",
        "screen.next_tab",
        "prompt, parameters, diff",
        "prompt, parameters, diff to baseline",
        "Look",
        palette=False,
    ),
)

_TRACK: Sequence[Key] = [
    key for key in CASE_LIST if key.id in ("next-candidate", "previous-candidate", "next-task", "previous-task")
]
"""What the workbench's keys for task and candidate do on the screens about the same task and candidate."""

VERSIONS: Sequence[Key] = (
    Key("version-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("version-use", "enter", "use", "use", "into the editor; nothing typed is lost", "Change"),
    Key("version-compare", "space", "compare", "compare with", "mark to compare with, or unmark", "Look"),
    Key("version-edit", "e", "edit", "edit from here", "into the editor, and go on typing", "Change"),
    Key("version-write", "w", "write", "write to file", "write it to its prompt file", "Change"),
    Key("version-name", "c", "name", "name", "give this version a name", "Change"),
    Key("version-diff", "d", "diff", "diff", "the diff on the whole screen", "Look"),
    Key("version-copy", "y", "copy", "copy", "copy this version's prompt", "Look"),
    Key("version-search", "S", "search", "search", "search from this version; asks first", "Run"),
    Key("version-run", "R,f6", "run_all", "run all", "run all cases with it; asks first", "Run"),
    Key("version-next", "j,down", "step(1)", "older", "older version", "Move", footer=False, palette=False),
    Key("version-previous", "k,up", "step(-1)", "newer", "newer version", "Move", footer=False, palette=False),
    *_TRACK,
    Key("version-back", "escape", "back", "back", "back to the workbench", "Move", footer=False, palette=False),
)

SCORECARD: Sequence[Key] = (
    Key("scorecard-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("scorecard-open", "enter", "open", "cases behind this", "the cases behind this row", "Look", short="cases"),
    Key("scorecard-part", "tab", "part(1)", "next part", "next part", "Move", short="part"),
    Key("scorecard-full", "plus", "maximise", "full screen", "this part alone, with more", "Look", short="alone"),
    Key("scorecard-write", "w", "write", "write report", "write a report for others", "Change", short="report"),
    Key("scorecard-sign", "S", "sign", "sign", "sign the decision: go or no-go", "Judge"),
    Key("scorecard-check", "a", "add_check", "add check", "add a check against this drift", "Change"),
    Key("scorecard-run", "R,f6", "run_all", "run all", "run all; asks with calls and money", "Run"),
    *_TRACK,
    Key("scorecard-page", "right,l", "page_of_parts(1)", "next page", "next page of parts", "Move", footer=False),
    Key("scorecard-page-back", "left,h", "page_of_parts(-1)", "page", "page of parts before", "Move", footer=False),
    Key("scorecard-next", "j,down", "step(1)", "next", "next row", "Move", footer=False, palette=False),
    Key("scorecard-previous", "k,up", "step(-1)", "previous", "previous row", "Move", footer=False, palette=False),
    Key("scorecard-back", "escape", "back", "back", "back to the workbench", "Move", footer=False, palette=False),
)

PROJECT: Sequence[Key] = (
    Key("project-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("project-open", "enter", "open", "workbench", "open this row in the workbench", "Look"),
    Key("project-versions", "v", "versions", "versions", "the versions of this prompt", "Look", footer=False),
    Key("project-candidate", "right_square_bracket", "candidate(1)", "candidate", "next candidate", "Move", "[ ]"),
    Key(
        "project-candidate-back",
        "left_square_bracket",
        "candidate(-1)",
        "previous candidate",
        "previous candidate",
        "Move",
        footer=False,
    ),
    Key("project-task", "right_curly_bracket", "task(1)", "task", "next task", "Move", "{ }"),
    Key(
        "project-task-back", "left_curly_bracket", "task(-1)", "previous task", "previous task", "Move", footer=False
    ),
    Key("project-run", "R,f6", "run_all", "run all", "run all, a task or a row; asks first", "Run"),
    Key("project-write", "w", "write", "write to file", "write this row's version to its file", "Change"),
    Key("project-filter", "slash", "filter", "filter", "filter: text, is:not-ready …", "Move"),
    Key("project-sort", "o", "sort", "sort", "count again, worst first", "Move"),
    Key("project-next", "j,down", "step(1)", "next", "next row", "Move", footer=False, palette=False),
    Key("project-previous", "k,up", "step(-1)", "previous", "previous row", "Move", footer=False, palette=False),
    Key("project-back", "escape", "back", "back", "back to the workbench", "Move", footer=False, palette=False),
)

COVERAGE: Sequence[Key] = (
    Key("coverage-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("coverage-take", "space", "take", "take / leave", "take the proposal, or leave it", "Change", short="take"),
    Key("coverage-edit", "e", "edit", "change the words", "change the words of the proposal", "Change", short="edit"),
    Key("coverage-open", "enter", "open", "cases behind this", "the cases behind this row", "Look", short="cases"),
    Key("coverage-write", "w", "write", "write taken", "write it; shows the diff first", "Change", short="write"),
    Key("coverage-check", "a", "add_check", "add check", "add a check for this instruction", "Change"),
    Key("coverage-suggest", "s", "suggest", "have written", "have cases written; asks with the money", "Change"),
    Key("coverage-import", "I", "import_file", "import", "import cases and production from a file", "Change"),
    Key("coverage-part", "tab", "part(1)", "next part", "next part", "Move", short="part"),
    Key("coverage-full", "plus", "maximise", "full screen", "this part alone, with more", "Look", short="alone"),
    *_TRACK,
    Key("coverage-page", "right,l", "page_of_parts(1)", "next page", "next page of parts", "Move", footer=False),
    Key("coverage-page-back", "left,h", "page_of_parts(-1)", "page", "page of parts before", "Move", footer=False),
    Key("coverage-next", "j,down", "step(1)", "next", "next row", "Move", footer=False, palette=False),
    Key("coverage-previous", "k,up", "step(-1)", "previous", "previous row", "Move", footer=False, palette=False),
    Key("coverage-back", "escape", "back", "back", "back to the workbench", "Move", footer=False, palette=False),
)

SUGGESTION: Sequence[Key] = (
    Key("suggestion-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("suggestion-take", "space", "take", "take / leave", "take the edit, or leave it", "Change", short="take"),
    Key("suggestion-edit", "e", "edit", "change the words", "change the words of the edit", "Change", short="edit"),
    Key("suggestion-try", "t", "try_live", "try", "try what is taken, side by side", "Run"),
    Key("suggestion-each", "T", "try_each", "try each", "leave each out in turn; asks first", "Run", short="each"),
    Key("suggestion-accept", "A", "accept", "accept", "see what it would flip", "Change"),
    Key("suggestion-all", "ctrl+a", "take_all", "take all", "take what is to decide, or undo", "Change", short="all"),
    Key("suggestion-ask", "s", "suggest", "ask anew", "ask for another suggestion", "Change", short="anew"),
    Key("suggestion-sent", "i", "sent", "what was sent", "all that was sent and answered", "Look", short="sent"),
    Key("suggestion-diff", "d", "diff", "diff", "the whole diff of what is taken", "Look"),
    Key("suggestion-note", "c", "note", "reason", "leave it, and say why", "Judge"),
    Key("suggestion-open", "enter", "open", "cases", "its cases; a case in the workbench", "Look", footer=False),
    Key("suggestion-part", "tab", "part(1)", "next part", "edits, hunk, cases", "Move", footer=False),
    *_TRACK,
    Key("suggestion-next", "j,down", "step(1)", "next", "next row", "Move", footer=False, palette=False),
    Key("suggestion-previous", "k,up", "step(-1)", "previous", "previous row", "Move", footer=False, palette=False),
    Key("suggestion-back", "escape", "back", "back", "back; the suggestion stays", "Move", palette=False),
)

ACCEPTANCE: Sequence[Key] = (
    Key("acceptance-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("acceptance-keep", "ctrl+s,A", "keep", "keep", "keep it as a version; asks where it breaks", "Change"),
    Key("acceptance-edit", "e", "edit", "change the words", "change the words of an edit", "Change", short="edit"),
    Key("acceptance-diff", "d", "diff", "diff", "mark the words that differ", "Look"),
    Key("acceptance-open", "enter", "open", "the case", "this case in the workbench", "Look", short="case"),
    Key("acceptance-part", "tab", "part(1)", "next part", "cases, answers, edits", "Move", footer=False),
    Key("acceptance-next", "j,down", "step(1)", "next", "next case", "Move", footer=False, palette=False),
    Key("acceptance-previous", "k,up", "step(-1)", "previous", "previous case", "Move", footer=False, palette=False),
    Key("acceptance-back", "escape", "back", "back", "back to the edits; nothing is kept", "Move", palette=False),
)

SEARCH: Sequence[Key] = (
    Key("search-stop", "x", "stop", "stop, keep the best", "stop the search and keep the best", "Run", short="stop"),
    Key("search-pause", "space", "pause", "pause", "pause the search, or let it go on", "Run"),
    Key("search-review", "enter", "open", "review its edits", "the winner's edits, to take or leave", "Change"),
    Key("search-open", "enter", "open", "its prompt", "the whole prompt of the try", "Look"),
    Key("search-part", "tab", "part(1)", "next part", "the try, what it flips, held-out cases", "Move", short="part"),
    Key("search-diff", "d", "diff", "diff to the start", "the try against where it began", "Look", short="diff"),
    Key("search-write", "w", "write", "write report", "write what was tried to a file", "Change", short="report"),
    Key("search-keep", "ctrl+s", "keep", "keep as version", "keep the try, with a name", "Change", short="keep"),
    Key("search-again", "S", "search", "search", "search again, or go on with it; asks first", "Run"),
    *_TRACK,
    Key("search-next", "j,down", "step(1)", "older", "older try", "Move", footer=False, palette=False),
    Key("search-previous", "k,up", "step(-1)", "newer", "newer try", "Move", footer=False, palette=False),
    Key("search-back", "escape", "back", "close", "back; a search goes on behind", "Move", palette=False),
)

PREFLIGHT: Sequence[Key] = (
    Key("preflight-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key(
        "preflight-take",
        "space",
        "take",
        "take / leave",
        "the proposed change into the draft, or out",
        "Change",
        short="take",
    ),
    Key(
        "preflight-edit",
        "e,enter",
        "edit",
        "edit there",
        "to the line of the prompt, or the parameters",
        "Change",
        short="edit",
    ),
    Key("preflight-look", "r", "look_again", "look again", "look again; asks no model", "Run", short="again"),
    Key("preflight-run", "R,f6", "run_all", "run all", "run all, or what nothing blocks; asks first", "Run"),
    Key("preflight-write", "w", "write", "write report", "write the findings to a file", "Change", short="report"),
    *_TRACK,
    Key("preflight-next", "j,down", "step(1)", "next", "next finding", "Move", footer=False, palette=False),
    Key(
        "preflight-previous", "k,up", "step(-1)", "previous", "previous finding", "Move", footer=False, palette=False
    ),
    Key("preflight-back", "escape", "back", "close", "back to the workbench", "Move", palette=False),
)

ROLLOUT: Sequence[Key] = (
    Key("rollout-stop", "x", "stop", "stop", "stop what is running", "Run"),
    Key("rollout-hold", "space", "hold", "hold", "hold it here, at once", "Change"),
    Key("rollout-go-on", "space", "hold", "go on", "let it go on, at once", "Change"),
    Key("rollout-advance", "greater_than_sign", "advance", "next step now", "next step; asks", "Change", ">", "next"),
    Key("rollout-start", "greater_than_sign", "advance", "start", "start a rollout; asks", "Change", ">"),
    Key("rollout-back-step", "less_than_sign", "step_back", "step back", "one step back", "Change", "<", "back"),
    Key("rollout-away", "B", "roll_back", "roll back", "all traffic to the baseline; asks why", "Change"),
    Key("rollout-open", "enter", "open", "open", "a call as a new case; all of an event", "Look"),
    Key("rollout-rehearse", "t", "rehearse", "rehearse", "practise with traffic of the cases", "Run"),
    Key("rollout-write", "w", "write", "write report", "write how it went to a file", "Change", short="report"),
    Key("rollout-part", "tab", "part(1)", "next part", "next part", "Move", short="part"),
    Key("rollout-full", "plus", "maximise", "full screen", "this part alone, with more", "Look", short="alone"),
    *_TRACK,
    Key("rollout-page", "right,l", "page_of_parts(1)", "next page", "next page of parts", "Move", footer=False),
    Key("rollout-page-back", "left,h", "page_of_parts(-1)", "page", "page of parts before", "Move", footer=False),
    Key("rollout-next", "j,down", "step(1)", "next", "next row", "Move", footer=False, palette=False),
    Key("rollout-previous", "k,up", "step(-1)", "previous", "previous row", "Move", footer=False, palette=False),
    Key("rollout-back", "escape", "back", "back", "back to the workbench", "Move", footer=False, palette=False),
)

IMPORT: Sequence[Key] = (
    Key("import-write", "w", "write", "write", "show the diff of every file, then write", "Change"),
    Key(
        "import-take",
        "space",
        "take",
        "confirm / leave out",
        "confirm a guess, or leave the column out; mask or keep, fold or keep",
        "Change",
        short="take",
    ),
    Key("import-change", "enter", "change", "change", "change it, or list what was found", "Change"),
    Key("import-input", "i", "input", "whole row", "the whole row as it will be", "Look"),
    Key("import-filter", "slash", "filter", "filter rows", "filter the rows", "Move", short="filter"),
    Key("import-part", "tab", "part(1)", "next part", "next part", "Move", short="part"),
    Key("import-part-back", "shift+tab", "part(-1)", "part before", "part before", "Move", footer=False),
    Key("import-next", "j,down", "step(1)", "next", "next row", "Move", footer=False, palette=False),
    Key("import-previous", "k,up", "step(-1)", "previous", "previous row", "Move", footer=False, palette=False),
    Key("import-back", "escape", "back", "cancel", "cancel; nothing is written", "Elsewhere", palette=False),
)

SETUP: Sequence[Key] = (
    Key("setup-change", "enter", "change", "change", "change this row", "Change"),
    Key("setup-create", "ctrl+s", "create", "create", "show what is written, then write it", "Change"),
    Key("setup-import", "I", "import_file", "import a file", "import what another tool exports", "Change"),
    Key("setup-demo", "d", "demo", "demo", "open the demo instead", "Elsewhere"),
    Key("setup-look-again", "f5", "look_again", "look again", "look through the folder again", "Look"),
    Key("setup-quit", "q", "app.quit", "quit", "quit; nothing is written", "Elsewhere", palette=False),
    Key("setup-next", "j,down", "step(1)", "next", "next row", "Move", footer=False, palette=False),
    Key("setup-previous", "k,up", "step(-1)", "previous", "previous row", "Move", footer=False, palette=False),
)

QUESTION: Sequence[Key] = (
    Key("question-choose", "enter", "choose", "choose", "choose what is marked", "Change"),
    Key("question-yes", "y", "answer('yes')", "yes", "yes", "Change"),
    Key("question-no", "n", "answer('no')", "no", "no", "Change"),
    Key("question-leave", "escape,q", "app.quit", "leave", "leave; nothing is changed", "Elsewhere", palette=False),
    Key("question-next", "j,down", "step(1)", "next", "next answer", "Move", footer=False, palette=False),
    Key("question-previous", "k,up", "step(-1)", "previous", "previous answer", "Move", footer=False, palette=False),
)

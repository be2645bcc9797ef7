"""Looking things up: the order of the list, its rows, and everything about one case."""

from collections.abc import Callable, Mapping, Sequence

from migrator_tui.history.records import CaseRow, Output, Section
from migrator_tui.project.schema import BASELINE, Case
from migrator_tui.tui.workspace.opened import Opened
from migrator_tui.tui.workspace.values import CaseView, ListOrder, Side, decisive, grouped


class Cases(Opened):
    """The cases of the task in view."""

    def order(
        self,
        query: str = "",
        *,
        limit: int | None = None,
        stop: Callable[[], bool] | None = None,
        known: ListOrder | None = None,
    ) -> ListOrder:
        """The cases of the task in the list's order; with a query, those that match it, the first `limit` of them.

        `known`: an order of the same list, whose totals still hold and need not be counted again. Once `stop` says
        yes, `SearchStopped` is raised (`history.case_list`).
        """
        history, task, candidate = self.history, self.task.name, self.candidate.name
        counts = known.counts if known is not None else history.section_counts(task, candidate)
        total = known.total if known is not None else history.case_count(task)
        if query.strip():
            from migrator_tui.history.filters import parse_filter

            numbers = history.search(task, candidate, parse_filter(query), limit, stop=stop)
            return ListOrder(grouped(history.rows(task, candidate, numbers[:5000]), numbers), counts, total)
        order, _ = history.order(task, candidate)
        groups: list[tuple[Section | None, Sequence[int]]] = []
        start = 0
        for section in Section:
            end = start + counts.get(section, 0)
            if end > start:
                only_one = section is Section.NOT_RUN and end - start == len(order)
                groups.append((None if only_one else section, order[start:end]))
            start = end
        return ListOrder(groups, counts, total)

    def rows(self, numbers: Sequence[int]) -> Sequence[CaseRow]:
        """Rows of the list by case number."""
        return self.history.rows(self.task.name, self.candidate.name, list(numbers))

    def waiting(self) -> frozenset[int]:
        """The numbers of the cases that wait for a verdict."""
        return self.history.waiting(self.task.name, self.candidate.name)

    def tally(self) -> tuple[Mapping[Section, int], frozenset[int]]:
        """How many cases each section holds, and which of them wait for a verdict."""
        return self.history.section_counts(self.task.name, self.candidate.name), self.waiting()

    def view(self, no: int) -> CaseView | None:
        """Everything about one case; `None` when it is gone."""
        history, task, candidate = self.history, self.task, self.candidate
        rows = history.rows(task.name, candidate.name, [no])
        if not rows:
            return None
        case = history.case_at(task.name, no)
        old = history.current_outputs(task.name, BASELINE, self.project.baseline.model, [case.id])
        new = history.current_outputs(task.name, candidate.name, candidate.model, [case.id])
        standing = rows[0].standing
        baseline = decisive(old.get(case.id, []), standing.baseline_output_id if standing else None)
        answer = decisive(new.get(case.id, []), standing.candidate_output_id if standing else None)
        return CaseView(rows[0], case, self._side(case, baseline, old), self._side(case, answer, old))

    def _side(self, case: Case, output: Output | None, baselines: Mapping[str, Sequence[Output]]) -> Side:
        from migrator_tui.parity.outcomes import judgement_of
        from migrator_tui.running.judging import check_outputs

        if output is None:
            return Side(None)
        history = self.history
        results = check_outputs(history, self.task, {case.id: case}, [output], baselines)
        verdicts = history.verdicts(self.task.name, output.model_name, [case.id]).get(case.id, [])
        earlier = history.outputs([verdict.output_id for verdict in verdicts]) if verdicts else {}
        return Side(
            output,
            list(results.get(output.id, {}).values()),
            judgement_of(output, verdicts, earlier),
            history.version(output.version_id),
        )

    def number_of(self, case_id: str) -> int | None:
        """The number of a case in the task in view."""
        return self.history.case_number(self.task.name, case_id) if case_id else None

    def check_query(self, query: str) -> None:
        """Raises `ProjectError` for a filter that cannot be understood."""
        from migrator_tui.history.filters import parse_filter

        parse_filter(query)

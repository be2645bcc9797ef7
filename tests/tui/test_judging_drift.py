"""Cases with the same change are found by one filter and judged as one group."""

from pathlib import Path

from migrator_tui.history.records import Section
from migrator_tui.tui.widgets.modal import Confirm
from tests.tui.conftest import WIDE, opened


async def test_cases_of_one_drift_are_judged_as_a_group_and_taken_back_as_one(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.press("slash")
        await driver.type("drift:fences")
        await driver.press("enter")
        assert driver.ids == ["c1", "c3"], "one answer has fences that the other has not"
        await driver.press("F")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        assert "2 cases shown by the filter drift:fences" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "2 judged" in driver.notice)
        given = driver.history.verdicts("triage", "newer")
        assert {case_id: verdicts[0].passed for case_id, verdicts in given.items()} == {"c1": False, "c3": False}
        assert len({verdicts[0].group for verdicts in given.values()}) == 1
        assert driver.ids == ["c1", "c3"], "the filter still shows them"
        assert driver.sections["c3"] is Section.SAME, "both sides fail now"
        await driver.press("u")
        assert "took back 2 verdicts" in driver.notice
        assert not driver.history.verdicts("triage", "newer")
        assert driver.sections["c3"] is Section.FIXED


async def test_a_wrong_drift_is_told_with_the_right_word(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        before = driver.ids
        await driver.press("slash")
        await driver.type("drift:fenses")
        await driver.press("enter")
        await driver.until(lambda: "did you mean drift:fences?" in driver.text)
        await driver.press("escape")
        await driver.settle()
        assert driver.ids == before

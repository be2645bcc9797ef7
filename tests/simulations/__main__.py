"""`python -m tests.simulations`: a few minutes, one line a figure."""

from tests.simulations.levels import print_levels
from tests.simulations.rollouts import print_rollouts
from tests.simulations.samples import print_samples


def say(line: str) -> None:
    """At once, so that the first figures can be read while the last are computed."""
    print(line, flush=True)


print_levels(say)
print_samples(say)
print_rollouts(say)

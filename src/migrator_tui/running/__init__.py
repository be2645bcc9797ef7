"""Run the cases: plan, cache, run, resume. A plan is a plain list of independent requests with ids."""

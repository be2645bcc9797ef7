"""Move the traffic: a rollout in steps, guardrails that roll it back, a monitor, the gateway that serves both arms."""

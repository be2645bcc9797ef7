"""Move the traffic: steps, guardrails that roll them back, a monitor, the gateway that serves both arms."""

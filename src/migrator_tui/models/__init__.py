"""Talking to models: requests out, events back; litellm lives in a worker process of its own."""

"""The gateway: a LiteLLM proxy with our plugin, its configuration, its environment and its process."""

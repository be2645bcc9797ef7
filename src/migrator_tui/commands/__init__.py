"""The commands, one module each: `execute(arguments) -> exit code`. Heavy imports stay inside functions."""

"""`a`: a check for the task, from an output or a drift; tried before it is written."""

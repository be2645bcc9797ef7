"""`import`: from the files of other tools to a project."""

"""Before the workbench: a folder without a project, a folder to be trusted, a project that has moved."""

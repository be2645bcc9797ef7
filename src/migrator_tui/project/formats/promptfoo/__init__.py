"""promptfoo: its configuration opens as a project, its results become recorded outputs. Nothing of it is executed.

`converting` reads a configuration and says what it comes to; `folder` opens one as it is; `results` reads exports.
"""

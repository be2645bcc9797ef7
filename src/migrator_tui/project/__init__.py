"""What the folder says: configuration, tasks, cases, prompts and recordings, read and never rewritten unasked."""

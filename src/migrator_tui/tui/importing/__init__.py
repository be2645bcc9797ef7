"""The import, shown before anything is written: source, columns, what was found, what comes of it."""

"""A report as one HTML file: no script, nothing loaded, readable on paper, on a phone, by day and by night."""

"""The report: page, Markdown, LaTeX, terminal."""

"""The documentation: one site from Markdown, keyword documentation and the command line; and its checks."""

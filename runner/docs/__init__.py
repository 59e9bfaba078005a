"""The documentation: one site made of Markdown, keywords and the command line; and checks of its pages."""

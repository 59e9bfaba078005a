"""The keywords: one topic a module, each a thin door to the core."""

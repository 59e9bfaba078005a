"""Examples of keywords: found in their documentation and in the suites, and executed."""

"""The agent: from a question to a plan, tool calls and an answer in true figures."""

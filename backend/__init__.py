"""The reference backend: a real agent-chat service, small and quick to start."""

"""The engine: real WebSocket sessions on one event loop in one thread, recorded at the protocol event."""

"""The WebSocket side: handshake, connections, frames, and what each kind of frame does."""

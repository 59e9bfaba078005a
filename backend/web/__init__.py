"""The HTTP side: signing in, threads, usage, health, metrics and administration."""

"""What runs in a process of its own while a figure is taken: clients, and servers that answer them."""

"""What is kept: tables, people, records, and the log of events."""

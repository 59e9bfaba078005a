"""A load test from several machines with RFSwarm, tried on one: a manager and agents, without a screen."""

*** Settings ***
Documentation    The promises that the agent chat makes to its customers.
...
...              A customer signs in, connects, asks, and watches an agent work: it starts, thinks, uses tools,
...              delivers their results, and answers. That stream is what customers pay for. Each test below is
...              one promise about it, checked against a real backend over real connections.

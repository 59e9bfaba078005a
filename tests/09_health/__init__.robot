*** Settings ***
Documentation    Operators see the truth: whether the service is well, what it counts, and how it goes down.

*** Settings ***
Documentation    Several processes are one service: customers cannot tell which of them they talk to.

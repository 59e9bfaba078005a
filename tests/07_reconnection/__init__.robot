*** Settings ***
Documentation    A broken network, a device that hangs or a server that dies loses nothing.

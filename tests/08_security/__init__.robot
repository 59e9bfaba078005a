*** Settings ***
Documentation    Rights end when they end, limits hold, and nobody may do what was not granted.

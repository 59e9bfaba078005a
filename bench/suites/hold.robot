*** Settings ***
Documentation       Opens many sessions with one keyword and holds them: what they weigh, and how long it took.

Library             AgentChatLibrary
Library             ../figures_library.py


*** Test Cases ***
A Crowd Is Opened And Held
    [Documentation]    As many people as it takes with forty connections each; they are made before anything counts.
    ${sessions: int}    Wanted Count
    ${people: int}    Evaluate    -(-${sessions} // 40)
    Create Crowd    Visitors    ${people}    devices=40
    Weigh And Time    Open Crowd    Visitors

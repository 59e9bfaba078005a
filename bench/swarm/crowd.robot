*** Settings ***
Documentation    What each virtual robot of a load test does: a crowd of its own comes, asks and goes.
...
...              It runs on any machine that has this project's environment; AGENT_CHAT_URL and the two
...              credentials say where the backend is. PEOPLE says how many sessions each robot holds.

Resource         large_crowds.resource

Test Tags        area:concurrency    severity:normal


*** Variables ***
${PEOPLE: int}    %{AGENT_CHAT_SWARM_PEOPLE=20}


*** Test Cases ***
A Crowd Comes And Asks
    [Documentation]    Every frame of every session is judged by every rule, here as in any suite.
    Given a crowd of ${PEOPLE} people of 2 organisations is connected
    When everybody asks "What did we spend in total?" in the same moment
    Then everybody gets a whole answer, and every rule holds for everybody

*** Settings ***
Documentation    Hundreds of customers come, ask and go together, and each is served as if alone.
...
...              Why it matters: a launch or a newsletter brings everybody in the same minute. What breaks then
...              breaks for all of them, in front of all of them. ``--variable PEOPLE:5000`` makes it a load
...              test: one process holds thousands of sessions, and every frame of each is still judged.

Resource         ../resources/large_crowds.resource

Test Tags        area:concurrency    crowd    soak    severity:normal    needs:admin


*** Variables ***
${PEOPLE: int}    60


*** Test Cases ***
A Crowd Asks At Once And Everybody Gets A Whole Answer
    [Documentation]    Sixty customers of ten companies ask in the same moment. Every rule is asked of every
    ...    connection; the report has the percentiles of each transition.
    [Tags]    promise-15    promise-35    catches:dropped-tool-executing
    Given a crowd of ${PEOPLE} people of 10 organisations is connected
    When everybody asks "Where can we cut our cloud bill?" in the same moment
    Then everybody gets a whole answer, and every rule holds for everybody

A Crowd Comes And Goes Again And Again
    [Documentation]    Three customers with twenty devices each come, ask and go three times: whoever has gone
    ...    takes up no room. What was judged is forgotten, so that it could go on for hours.
    [Tags]    promise-24    needs:devices    catches:connection-slot-never-freed
    Given a crowd of 3 people with 20 devices each
    Then they come, ask "What did we spend in total?" and go, 3 times

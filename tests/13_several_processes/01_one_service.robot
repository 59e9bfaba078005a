*** Settings ***
Documentation    Whichever process a customer talks to, it is the same service.
...
...              Why it matters: the service runs as several processes, so that one of them may fail or be released.
...              A limit, a logout or an event that only one of them knows of is a limit that can be got around, a
...              stolen phone that stays signed in, or an answer that never comes.

Resource         ../../resources/chat.resource
Resource         ../../resources/isolation.resource
Resource         ../../resources/messages.resource
Resource         ../../resources/rights.resource
Resource         ../../resources/several.resource

Test Tags        area:processes    severity:critical    needs:several_processes


*** Test Cases ***
Coming Back To The Other Process Loses Nothing
    [Documentation]    Ana is dropped in the middle of a run, which ends while she is away; she comes back at the other
    ...    process, which sends exactly what she has missed, byte for byte.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:resume
    ...       catches:replay-from-memory
    ...       catches:run-fails-with-one-of-its-devices
    Given Ana is connected to process 1, and a second device of hers stays there
    And Ana's run waits for a tool
    When Ana is dropped, and the run ends while she is away
    And Ana comes back at process 2 and resumes from where she was
    Then Ana has received exactly what her second device has

Nothing Is Lost While Moving To The Other Process
    [Documentation]    The run goes on at the one process between Ana's welcome and her request to resume at the other.
    [Tags]    promise-26
    ...       needs:hold
    ...       needs:resume
    ...       catches:fan-out-lost
    ...       catches:run-fails-with-one-of-its-devices
    Given Ana is connected to process 1, and a second device of hers stays there
    And Ana's run waits for a tool
    When Ana is dropped and comes back at process 2
    And Ana's run goes on before she resumes
    Then Ana has received exactly what her second device has

All Devices See The Same Wherever They Are Connected
    [Documentation]    Ana asks on the laptop, on the phone, and on both at once; each is at another process, and both
    ...    receive every event of every run, byte for byte, numbered one by one.
    [Tags]    promise-17    needs:devices    catches:fan-out-lost    catches:events-of-the-other-process-skipped
    Given Ana has a laptop at process 1 and a phone at process 2
    When Ana asks on the laptop, on the phone, and on both at once
    Then the laptop and the phone have received the same, byte for byte

What Happens At One Process Is Seen At The Other At Once
    [Documentation]    Each event reaches a device at the other process within the time for a first sign of life.
    [Tags]    promise-40    needs:devices    catches:fan-out-late    catches:fan-out-lost
    Given Ana has a laptop at process 1 and a phone at process 2
    Then each event of 10 runs that are asked for on the laptop is in good time on the phone

Nobody Else At Any Process Sees It
    [Documentation]    Ana asks at the first process. A colleague and a customer of another company listen at each
    ...    process; each then asks a question of their own, and sees nothing but its answer.
    [Tags]    promise-17    catches:leak-by-the-other-process    catches:leak-to-colleagues
    Given Ana has a laptop at process 1 and a phone at process 2
    And Boris and Clara listen at each process
    When Ana asks about a secret on the laptop
    Then nothing of it has reached Boris or Clara at any process

A Rate Is One For All Processes
    [Documentation]    Ana uses up her messages at one process and is refused at the other; Boris is not.
    [Tags]    promise-28    needs:limits    catches:limit-per-process    catches:limit-global
    Given Ana may send 5 messages in a burst and 30 a minute, at any process
    And Boris of the same company may, too
    Then Ana's first 5 messages are accepted at process 1
    And Ana's next one is refused at process 2 and at process 1
    And Boris's first 5 messages are accepted at process 2

A Login Is Good At Every Process
    [Documentation]    Ana logs in at one process, and is welcomed by name at the other.
    [Tags]    promise-01    needs:sign_up    catches:login-known-to-one-process
    Given Ana is an enterprise user of Northwind
    When Ana logs in at process 1
    Then Ana is welcomed by name at process 2, with the tier that was paid for

Logging Out Is Heard At Every Process
    [Documentation]    Ana logs out at one process: her connection at the other is closed as logged out, and her token
    ...    opens no connection at either.
    [Tags]    promise-27
    ...       needs:refresh
    ...       needs:sign_up
    ...       catches:logout-stays-local
    ...       catches:token-usable-after-logout
    Given Ana is signed in, with a laptop at process 1 and a phone at process 2
    When Ana logs out at process 1
    Then the connections of the laptop and the phone close as logged out
    And Ana's token opens no connection at any process

A Run Can Be Cancelled From A Device At Another Process
    [Documentation]    Ana asks on the laptop and cancels on the phone: the run ends as cancelled, on both.
    [Tags]    promise-12
    ...       needs:hold
    ...       needs:cancel
    ...       catches:cancel-stays-local
    ...       catches:cancel-ignored
    ...       catches:cancelled-elsewhere-told-as-not-found
    Given Ana has a laptop at process 1 and a phone at process 2
    And the laptop's run waits for a tool
    When Ana cancels it on the phone
    Then the phone is told that it is cancelled
    And it ends as cancelled on the laptop and on the phone

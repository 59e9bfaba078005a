*** Settings ***
Documentation    What a recording shows of the promises: every rule that can judge it, asked of every connection in it.
...
...              Nothing is started and nothing is sent. A rule that no connection can be judged by is skipped, with
...              the reason, and fails where frames are missing from it. The log of the setup accounts for every
...              record of the file.

Library          ../libraries/RecordingsLibrary/

Suite Setup      Load Recording
Test Template    Every Connection Should Keep


*** Test Cases ***
Every Message Is Read
    [Documentation]    A message that no rule of the dialect reads could be anything.
    [Tags]    about:reading
    [Template]    NONE
    Every Message Should Be Read
Every Message Keeps The Contract
    [Documentation]    Each has the fields that the backend says, each of the agreed type.
    [Tags]    about:contract
    contract.valid
The First Message Welcomes
    [Documentation]    The client learns first that it is in, and as whom; once.
    [Tags]    about:connection
    sequence.established_first
Every Message Is The Person's Own
    [Documentation]    No message names anybody but the person whose connection it is.
    [Tags]    about:isolation
    correlation.user_id_is_own
Nothing Of Anybody Else Has Come
    [Documentation]    Marks that tests plant show whom words belong to.
    [Tags]    about:isolation
    isolation.no_foreign_canary
Events Are Numbered One By One
    [Documentation]    Nothing is missing, and nothing comes twice.
    [Tags]    about:sequence
    sequence.seq_rises_by_one
Time Never Runs Backwards
    [Documentation]    The times that events bear rise with their numbers.
    [Tags]    about:sequence
    sequence.timestamps_never_fall
Times Are Those Of The Day
    [Documentation]    No message bears a time far from its receipt, unless it came again.
    [Tags]    about:sequence
    clocks.timestamps_tell_the_time
The Same Event Is The Same Everywhere
    [Documentation]    Two devices of a person receive the same text.
    [Tags]    about:sequence
    devices.same_seq_same_frame
Each Question Has One Run
    [Documentation]    Neither none nor two.
    [Tags]    about:correlation
    correlation.one_run_per_question
Each Run Is Of One Conversation And One Person
    [Documentation]    Its events name the same throughout.
    [Tags]    about:correlation
    correlation.one_thread_and_person_per_run
Each Reply Answers A Message
    [Documentation]    Of its kind, that was sent before, once.
    [Tags]    about:replies
    correlation.replies_match_messages
Questions Are Accepted Before They Are Worked On
    [Documentation]    In the order of asking.
    [Tags]    about:replies
    replies.acks_come_first
Pongs Answer Pings
    [Documentation]    In order, once.
    [Tags]    about:replies
    replies.pongs_answer_pings
Each Run Begins With Its Start
    [Documentation]    And has it once.
    [Tags]    about:order
    order.started_first
The Agent Thinks Before It Acts
    [Documentation]    Thinking comes before the first tool.
    [Tags]    about:order
    order.thinking_before_tools
Thinking Counts Its Steps
    [Documentation]    1, 2, 3, and so on.
    [Tags]    about:order
    order.steps_rise_by_one
Every Tool Call Is Answered
    [Documentation]    Once, by a result of the same call.
    [Tags]    about:order
    pairing.every_tool_call_is_answered
Tool Calls Are Over Before The Run Is
    [Documentation]    No call is open when its run ends.
    [Tags]    about:order
    order.calls_closed_before_the_end
Each Run Ends Once
    [Documentation]    With an answer or a failure.
    [Tags]    about:order
    order.one_end
Nothing Comes After The End
    [Documentation]    A run that has ended is over.
    [Tags]    about:order
    order.nothing_after_the_end
No Event Is Numbered Above The End Of Its Run
    [Documentation]    Also on another device.
    [Tags]    about:order
    endings.nothing_above_the_end
Every Accepted Question Comes To An End
    [Documentation]    Or was being worked on when the connection ended.
    [Tags]    about:order
    endings.acknowledged_runs_ended
Tool Durations Are Honest
    [Documentation]    No tool is said to have taken longer than the client waited.
    [Tags]    about:timing
    timing.durations_are_true

*** Settings ***
Documentation       A ping and its pong, one after the other: the library's two keywords, its one keyword, those of
...                 another library, keywords that do nothing, and no keywords at all; in turns.

Library             AgentChatLibrary
Library             WebSocketClient
Library             ../figures_library.py


*** Test Cases ***
Round Trips
    [Documentation]    Each round goes through all of them.
    ${rounds: int}    Wanted Rounds
    ${count: int}    Wanted Count
    Open The Connections
    FOR    ${_}    IN RANGE    ${rounds}
        Bare Round Trips    ${ADDRESS}    ${count}
        Send And Wait    ${count}
        Ping In One Keyword    ${count}
        Do Nothing Twice    ${count}
        Send And Receive With The Peer    ${count}
    END


*** Keywords ***
Open The Connections
    [Documentation]    One of the library, one of the peer.
    VAR    ${ADDRESS: str}    %{AGENT_CHAT_BENCH_ADDRESS}    scope=TEST
    Create Organisation    Northwind
    Create Person    Ana    Northwind
    Give A Contract Id    Ana
    Open Session    Ana
    ${socket}    WebSocketClient.Connect    ${ADDRESS}
    WebSocketClient.Recv    ${socket}
    VAR    ${SOCKET}    ${socket}    scope=TEST

Send And Wait
    [Documentation]    The library's two keywords.
    [Arguments]    ${count: int}
    Start The Clock
    FOR    ${number}    IN RANGE    ${count}
        ${id: str}    Send Message    Ana    ping    sequence=${number}
        AgentChatLibrary.Wait For Reply    Ana    ${id}    pong
    END
    Note The Time    two_keywords    ${count}

Ping In One Keyword
    [Documentation]    The library's one keyword.
    [Arguments]    ${count: int}
    Start The Clock
    FOR    ${_}    IN RANGE    ${count}
        AgentChatLibrary.Ping    Ana
    END
    Note The Time    one_keyword    ${count}

Do Nothing Twice
    [Documentation]    Robot Framework's own cost of two keywords that take the same arguments.
    [Arguments]    ${count: int}
    Start The Clock
    FOR    ${number}    IN RANGE    ${count}
        ${id: str}    Send Nothing    Ana    ping    sequence=${number}
        Wait For Nothing    Ana    ${id}    pong
    END
    Note The Time    nothing    ${count}

Send And Receive With The Peer
    [Documentation]    The two keywords of robotframework-websocketclient.
    [Arguments]    ${count: int}
    Start The Clock
    FOR    ${number}    IN RANGE    ${count}
        WebSocketClient.Send    ${SOCKET}    {"type": "ping", "message_id": "m_${number}", "sequence": ${number}}
        ${pong: str}    WebSocketClient.Recv    ${SOCKET}
    END
    Note The Time    peer    ${count}

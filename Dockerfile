# The suites and the reference backend, ready to run:
#   docker build -t agent-chat-acceptance .
#   docker run --rm agent-chat-acceptance                                  the suites, against a backend of their own
#   docker run --rm -e AGENT_CHAT_URL=... agent-chat-acceptance --env ...  against yours
FROM python:3.13-slim

RUN useradd --create-home --uid 10001 tester
WORKDIR /home/tester/project
RUN chown tester:tester .
USER tester

# What changes seldom first, so that a change of a suite installs nothing again.
COPY --chown=tester:tester run.py pyproject.toml requirements*.txt ./
COPY --chown=tester:tester runner ./runner
RUN python3 -c "from runner import bootstrap; bootstrap.prepare(('postgres',))"

COPY --chown=tester:tester . .
ENTRYPOINT ["python3", "run.py"]

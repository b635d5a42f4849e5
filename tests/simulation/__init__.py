"""The simulation: a seed in, a history of the whole pipeline on one thread out, and its verdict.

In the manner of FoundationDB's and TigerBeetle's simulators: the mapping's own `Poller`s and the
function's own ingestion run against a world that only pretends (a broker with its group, a clock, a
Lambda function, PostgreSQL), and a scheduler whose every choice comes from a seed decides what
happens next: who goes on, what is late, who dies, what is lost. What happened can be told again
from the seed, and is made shorter until a person can read it.

    python -m tests.simulation --histories 10000 --seed 1     # exit code 1 if one does not hold
    python -m tests.simulation --replay '{"seed": 17}'        # one history, told event by event
    python -m tests.simulation --saboteur LocksNothing        # how a failure looks

Read in this order:

- `setting`   what a seed decides beforehand: partitions, records, the mapping's options
- `contents`  the records: good, bad, repeated, contradicting, refused by the database, filtered
- `rules`     what must hold; `checks` looks all the time, `reconciliation` at the end
- `world`     everything there is in one history: `clock`; `broker`, `group` and `consumer` for
  Kafka; `function`; `store` and `session` for PostgreSQL; `invoker`, `destination`; `chronicle`
  for what happened, in words
- `moves`     the kinds of things that can happen, each with how often it does
- `history`   the scheduler: disturbed turns first, then calm ones in which everything must end
- `script`    what a history is played from; `shrinking` makes one that fails shorter
- `saboteurs` wrong pollers, stores and functions, each of which must be noticed

What is real: the pollers with all their parts, the events they write, and ingestion with its
rules, but for the slices' length and the settings of each history. What is pretended: what
librdkafka, Lambda and PostgreSQL do; the store knows row locks, deadlocks, commits whose answer is
lost and connections that die, but no SQL. Suites with real servers look at what is left out here.
"""

"""The bot as it runs for hours in trouble: does anything grow, does every press get an outcome?

`python -m benchmarks.soak --minutes 20` plays two hours: the real bot in a process of its own, a
stand-in of Discord, fifty guilds with a platform each, a steady traffic of presses and commands,
and a seeded schedule of faults: platforms that fail, hang and go away, gateways that are cut,
Discord's own failures, sessions that come and go, and a wall clock that jumps.

What is compressed: the wall clock, in which sessions start and end, reminders fall due and history
gets old, runs `--speed` times as fast, for the platforms and for the bot alike; presses, faults
and reconnects come as much more often. What is not: timers and deadlines. An acknowledgement has
its three seconds, a read its five, a poll its pause, a doubt its minute and a half, all of them
real; so do the limits of Discord. Only the clock of the bot jumps; nobody else's does.

An answer that did not come is told apart when Discord was in trouble just then, or when this
machine gave the bot no CPU: that says nothing about the bot.
"""

"""The daemon's threads over an App of the caller's, as the daemon itself puts them together, for tests and benches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.daemon.app import App
from bot.daemon.threads import Desk, Heard, Post, Troubles
from bot.daemon.watch.mailbox import Watcher
from bot.daemon.watch.watch import Watch
from bot.doors.ports import Now


@dataclass(frozen=True)
class Crew:
    """`box` finds a mailbox's watcher by its name; `told` is what does not work."""

    watch: Watch
    desk: Desk
    post: Post
    told: Troubles

    def box(self, name: str) -> Watcher:
        return next(watcher for watcher in self.watch.watchers if watcher.box == name)


@contextmanager
def crew(
    app: App,
    now: Now,
    decided: Callable[[Post], None],
    ending: Callable[[], None] = lambda: None,
    seen: Callable[[Watcher], Heard] = lambda watcher: watcher,
) -> Iterator[Crew]:
    """At work until the block ends. `decided` is given the sender after a decision; `ending` is called before the
    threads are waited for; `seen` makes of each watcher what the desk asks."""
    told = Troubles()
    watch = Watch(app, now, told, lambda: desk.woken.set())
    desk = Desk(app, now, told, [seen(watcher) for watcher in watch.watchers], lambda: decided(post))
    post = Post(app, now, told, lambda: desk.woken.set())
    threads = (watch, desk, post)
    for thread in threads:
        thread.start()
    try:
        yield Crew(watch, desk, post, told)
    finally:
        for thread in threads:
            thread.stop()
        ending()
        for thread in threads:
            thread.join()

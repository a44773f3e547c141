"""Holds what was promised, what the base saw and what is found afterwards against each other."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from neasmart_gateway.domain import dpt9
from tests.crash.base import Seen, Wrote
from tests.crash.people import Wish
from tests.crash.plan import COMMAND_TIMEOUT, CONFIRM_TIMEOUT, ECHO_TOLERANCE

RESTARTED = "gateway restarted; the base may have read it"
_OPEN = ("accepted", "delivered")
Receipt = dict[str, Any]


@dataclass(frozen=True)
class Kill:
    """When SIGKILL had been sent, to whom, and which (address, word) the database held then for the first time."""

    at: float
    whole_group: bool
    written_down: frozenset[tuple[int, int]]


@dataclass
class Case:
    """One wish with all that is known of it."""

    wish: Wish
    found: Receipt | None
    seen: list[Seen] = field(default_factory=list)
    wrote: list[Wrote] = field(default_factory=list)
    rivals: list[Wish] = field(default_factory=list)


class Judge:
    """Names everything that should not have happened; `found` are receipts by id, as they are found at the end."""

    def __init__(
        self, kills: Sequence[Kill], seen: Sequence[Seen], wrote: Sequence[Wrote], wishes: Sequence[Wish],
        found: dict[str, Receipt | None],
    ) -> None:  # fmt: skip
        self._kills = kills
        self._seen = seen
        self.states: Counter[str] = Counter()
        cases = {(wish.address, wish.word): Case(wish, _found(wish, found)) for wish in wishes}
        self._cases = cases
        wrote_to, wished_of = defaultdict(list), defaultdict(list)
        for write in wrote:
            wrote_to[write.address].append(write)
        for wish in wishes:
            wished_of[wish.address].append(wish)
        for read in seen:
            if (read.address, read.word) in cases:
                cases[read.address, read.word].seen.append(read)
        for case in cases.values():
            case.wrote, case.rivals = wrote_to[case.wish.address], wished_of[case.wish.address]

    def faults(self) -> Iterator[str]:
        yield from self._strange_words()
        for case in self._cases.values():
            yield from (f"{fault}: {_tell(case)}" for fault in self._reads(case))
            if case.wish.promises:
                yield from (f"{fault}: {_tell(case)}" for fault in self._promises(case))

    # What reached the base

    def _strange_words(self) -> Iterator[str]:
        """The base reads nothing but what a user has asked for, and what it has written itself."""
        yield from (
            f"a word that is no command's, perhaps the base's own of another life: {r}"
            for r in self._seen
            if (r.address, r.word) not in self._cases
        )

    def _reads(self, case: Case) -> Iterator[str]:
        """No word is read after its time, nor after a restart."""
        if not case.seen:
            return
        first = case.seen[0]
        if case.wish.promises and first.asked_at > case.wish.promises[0].answered_at + COMMAND_TIMEOUT:
            yield "first read after the command's time was over"
        if any(read.asked_at > first.answered_at + CONFIRM_TIMEOUT for read in case.seen):
            yield "still read after the time for an echo was over"
        for kill in self._kills:
            was_before = any(promise.answered_at < kill.at for promise in case.wish.promises)
            was_before |= (case.wish.address, case.wish.word) in kill.written_down
            if was_before and any(read.connected_at > kill.at for read in case.seen):
                yield "read after a restart"

    # What was promised

    def _promises(self, case: Case) -> Iterator[str]:
        found = case.found
        if found is None:
            if any(promise.command["durable"] for promise in case.wish.promises):
                yield "a durable command is lost"
            return
        self.states["ended by a restart" if found["note"] == RESTARTED else found["state"]] += 1
        (write,) = found["writes"]
        if (write["address"], write["value"]) != (case.wish.address, case.wish.celsius):
            yield "this is another command"
        if found["note"] == RESTARTED and found["state"] != "expired":
            yield "ended before the restart that it is said to have ended by"
        for promise in case.wish.promises:
            yield from self._change_of_mind(promise.command["state"], found, promise.answered_at)
        if case.wish.withdrawn_at is not None:
            yield from self._change_of_mind("cancelled", found, case.wish.withdrawn_at)
        yield from getattr(self, f"_{found['state']}")(case, found, write)

    def _change_of_mind(self, told: str, found: Receipt, moment: float) -> Iterator[str]:
        """An end stays what it was; only the death of everybody may lose how a command ended, and says so."""
        if told in _OPEN or told == found["state"]:
            return
        lost = found["note"] == RESTARTED and any(kill.whole_group for kill in self._kills if kill.at > moment)
        if not lost:
            yield f"told {told}, found {found['state']}"

    def _accepted(self, _case: Case, found: Receipt, _write: Receipt) -> Iterator[str]:
        yield f"still {found['state']} after its time"

    _delivered = _accepted

    def _confirmed(self, case: Case, _found: Receipt, write: Receipt) -> Iterator[str]:
        if not self._has_written(case, write["effective"]):
            yield "confirmed, but the base has not written that"
        elif abs(write["effective"] - case.wish.celsius) > ECHO_TOLERANCE + 1e-5:
            yield "confirmed with another value"
        yield from self._unit(case, write)

    def _overridden(self, case: Case, _found: Receipt, write: Receipt) -> Iterator[str]:
        if not case.seen:
            yield "overridden, but never read"
        if not self._has_written(case, write["overridden_by"]):
            yield "overridden, but the base has not written that"
        yield from self._unit(case, write)

    def _unconfirmed(self, case: Case, _found: Receipt, write: Receipt) -> Iterator[str]:
        if not case.seen:
            yield "unconfirmed, but never read"
        yield from self._unit(case, write)

    def _expired(self, case: Case, found: Receipt, _write: Receipt) -> Iterator[str]:
        if found["note"] != RESTARTED:
            if case.seen:
                yield "expired, but it was read"
            return
        later = [kill for kill in self._kills if kill.at > case.wish.sent_at]
        if not later:
            yield "ended by a restart that was none"
        answered = [w for w in case.wrote if w.reaction_to == case.wish.word and not self._may_be_late(case, w)]
        for kill in later[:1]:
            if not kill.whole_group and any((w.acknowledged_at or kill.at) < kill.at for w in answered):
                yield "the base's answer was acknowledged, and forgotten"

    def _superseded(self, case: Case, found: Receipt, _write: Receipt) -> Iterator[str]:
        if not any(rival.sent_at > case.wish.sent_at or _answered_later(rival, case.wish) for rival in case.rivals):
            yield f"superseded by nothing ({found['id']})"

    def _cancelled(self, case: Case, _found: Receipt, _write: Receipt) -> Iterator[str]:
        if not case.wish.tried_to_withdraw:
            yield "cancelled by nobody"
        if case.seen:
            yield "cancelled, but it was read"

    def _has_written(self, case: Case, celsius: float) -> bool:
        """Whether the base has written a value since the command was sent."""
        return any(
            dpt9.decode(w.word) == celsius and (w.acknowledged_at is None or w.acknowledged_at > case.wish.sent_at)
            for w in case.wrote
        )

    def _may_be_late(self, case: Case, wrote: Wrote) -> bool:
        """Whether a word of the base may be its answer to an earlier command; for a while that does not count."""
        celsius = dpt9.decode(wrote.word) or 0.0
        near = [r for r in case.rivals if r is not case.wish and abs(r.celsius - celsius) <= ECHO_TOLERANCE + 1e-5]
        return any(self._cases[rival.address, rival.word].seen for rival in near)

    def _unit(self, case: Case, write: Receipt) -> Iterator[str]:
        if case.seen and write["delivered_unit"] not in {read.unit for read in case.seen}:
            yield "read through another unit"


def _found(wish: Wish, found: dict[str, Receipt | None]) -> Receipt | None:
    return found.get(wish.promises[0].command["id"]) if wish.promises else None


def _answered_later(rival: Wish, wish: Wish) -> bool:
    return rival is not wish and (not rival.promises or rival.promises[-1].answered_at > wish.sent_at)


def _tell(case: Case) -> str:
    return f"{case.wish}\n  found {case.found}\n  seen {case.seen}\n  wrote {case.wrote[-5:]}"

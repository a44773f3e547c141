"""An order lives one life, whatever the base, our users and the clock do to it."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from neasmart_gateway.domain.codecs import Codec
from neasmart_gateway.domain.commands import CommandState, Event, ImpossibleTransition, Judgement, Order, Timing
from neasmart_gateway.domain.registers import PLACES
from tests.domain.orders import MODE, SETPOINT, ZONE_STATE, celsius

TIMING = Timing()
S = CommandState
WORDS = {
    MODE: st.integers(0, 6),
    ZONE_STATE: st.integers(0, 7) | st.sampled_from([0x0101, 0x0104]),
    SETPOINT: st.integers(2060, 2140).map(lambda n: celsius(n / 100)) | st.sampled_from([0x7FFF, 0x8116]),
}


def codec_of(order: Order) -> Codec:
    """How the words of an order's register are read."""
    return PLACES[order.address].row.codec


def stands_for(order: Order, observed: int) -> bool:
    """Whether a word of the base is what an order wanted: exactly before delivery, roughly after it."""
    ours, theirs = codec_of(order).decode(order.word).value, codec_of(order).decode(observed).value
    was_read = order.delivered_at is not None
    if order.address == SETPOINT:
        return theirs is not None and abs(ours - theirs) <= (0.3 if was_read else 0.02) + 1e-9
    programs = {(MODE, 1): {1, 2, 3}, (ZONE_STATE, 4): {4, 1, 2}} if was_read else {}
    return theirs in programs.get((order.address, ours), {ours})


class LifeOfAnOrder(RuleBasedStateMachine):
    """The base writes and reads, users withdraw and replace, the gateway restarts; time passes in between."""

    @initialize(data=st.data(), address=st.sampled_from(sorted(WORDS)))
    def accept(self, data: st.DataObject, address: int) -> None:
        """A user's word for one of the three kinds of command register."""
        legal = [celsius(21.0), celsius(20.9)] if address == SETPOINT else [1, 2, 4]
        self.now = 1000.0
        self.address = address
        self.order = Order(
            address=address,
            word=data.draw(st.sampled_from(legal)),
            before=data.draw(st.none() | WORDS[address]),
            accepted_at=self.now,
        )
        self.story = [self.order]

    def happen(self, event: Event, *, observed: int | None = None) -> None:
        """Let an event happen, and keep the order as it was."""
        unit = 240 if event is Event.DELIVER else None
        self.order = self.order.after(event, self.now, unit=unit, observed=observed)
        self.story.append(self.order)

    @property
    def open(self) -> bool:
        """Whether the order still waits for something."""
        return not self.order.state.is_final

    @rule(seconds=st.sampled_from([0.5, 4.0, 6.0, 20.0, 29.5, 31.0, 59.5]))
    def time_passes(self, seconds: float) -> None:
        """Time closes what is due; asking again at the same moment finds nothing more."""
        self.now += seconds
        event = self.order.due(TIMING, self.now)
        if event is not None:
            self.happen(event)
        assert self.order.due(TIMING, self.now) is None

    @precondition(lambda self: self.order.state is S.ACCEPTED)
    @rule()
    def base_reads(self) -> None:
        """The base is answered with the word for the first time."""
        self.happen(Event.DELIVER)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def base_writes(self, data: st.DataObject) -> None:
        """The base writes a word; the order takes the judgement's event, which is then always a possible one."""
        word = data.draw(WORDS[self.address])
        judgement = self.order.judge(word, TIMING, self.now)
        if judgement is not Judgement.DOES_NOT_COUNT:
            self.happen(Event.ECHO if judgement is Judgement.ECHO else Event.OVERRIDE, observed=word)

    @precondition(lambda self: self.open)
    @rule(event=st.sampled_from([Event.WITHDRAW, Event.SUPERSEDE, Event.RESTART]))
    def we_end_it(self, event: Event) -> None:
        """A release, a newer command or a restart can come at any time while it is open."""
        self.happen(event)

    @precondition(lambda self: not self.open)
    @rule(event=st.sampled_from(Event))
    def nothing_follows(self, event: Event) -> None:
        """Nothing happens to what is over."""
        try:
            self.order.after(event, self.now)
        except ImpossibleTransition:
            return
        raise AssertionError(f"{event} after {self.order.state}")

    @invariant()
    def at_most_one_end(self) -> None:
        """Of all the states it went through only the last can be final."""
        assert not any(order.state.is_final for order in self.story[:-1])

    @invariant()
    def closed_when_final(self) -> None:
        """It has an end exactly when it is over, and a closing word only when the base's word closed it."""
        assert (self.order.closed_at is not None) == self.order.state.is_final
        assert (self.order.observed is not None) == (self.order.state in (S.CONFIRMED, S.OVERRIDDEN))

    @invariant()
    def delivered_when_it_was_read(self) -> None:
        """What the base overrode or left unanswered it has read; what was cancelled it has not."""
        was_read = any(order.state is S.DELIVERED for order in self.story)
        assert (self.order.delivered_at is not None) == was_read
        assert self.order.delivered_unit == (240 if was_read else None)
        if self.order.state in (S.DELIVERED, S.OVERRIDDEN, S.UNCONFIRMED):
            assert was_read
        if self.order.state in (S.ACCEPTED, S.CANCELLED):
            assert not was_read

    @invariant()
    def times_in_sequence(self) -> None:
        """Accepted, then delivered, then closed, all of it by now."""
        times = [self.order.accepted_at, self.order.delivered_at, self.order.closed_at, self.now]
        known = [time for time in times if time is not None]
        assert known == sorted(known)

    @invariant()
    def never_open_for_long(self) -> None:
        """Nobody's word stands longer than 30 s unread or 60 s unanswered."""
        if self.order.state is S.ACCEPTED:
            assert self.now - self.order.accepted_at < 30
        if self.order.state is S.DELIVERED:
            assert self.order.delivered_at is not None
            assert self.now - self.order.delivered_at < 60

    @invariant()
    def confirmed_by_what_was_wanted(self) -> None:
        """The word that confirmed is ours or stands for it; the one that overrode is the old one or neither."""
        order = self.order
        if order.observed is None:
            return
        fits = stands_for(order, order.observed)
        is_old = order.observed == order.before
        if order.state is S.CONFIRMED:
            assert fits
            assert not is_old or codec_of(order).decode(order.word) == codec_of(order).decode(order.observed)
        else:
            assert is_old or not fits

    @invariant()
    def the_order_itself_stays(self) -> None:
        """What was ordered, and when, is never rewritten."""
        assert len({(o.address, o.word, o.before, o.accepted_at) for o in self.story}) == 1


TestLifeOfAnOrder = LifeOfAnOrder.TestCase

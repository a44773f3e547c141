"""Anything may happen in any order: the desk is held against the model of docs/protocol.md §5 after every step."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from neasmart_gateway.desk.command import Command
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.desk.rules import Rules
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.zones import ZoneRef
from tests.desk.gateway import (
    BASE,
    MODE,
    PERSON,
    START,
    STATE,
    STRANGER,
    Gateway,
    degrees,
    global_mode,
    global_state,
    setpoint,
    zone_state,
)
from tests.desk.model import COMMANDS, LOW_BYTE_ONLY, SETPOINTS, STATES, Model, Wish, is_legal

ZONES = [ZoneRef(1, 1), ZoneRef(1, 2)]
RANGES = [(1, 2), (1, 125), (100, 3), (101, 1), (150, 100), (200, 2), (201, 1)]
WISHES = [5.0, 20.9, 21.0, 21.02, 25.0, 35.0]

# Eighths of a second are exact in binary, so that the model may add where the desk subtracts.
seconds = st.sampled_from(
    [0.0, 0.0, 0.125, 1.0, 3.0, 5.0, 5.125, 29.875, 30.0, 55.0, 60.0, 60.125, 120.0, 180.0, 180.125]
)
zones = st.sampled_from(ZONES)
states = st.sampled_from(["normal", "reduced", "standby", "time_program"])
modes = st.sampled_from(["auto", "heating", "cooling", "manual_heating"])
setpoint_words = st.sampled_from(
    [degrees(c) for c in (*WISHES, 0.0, 4.99, 20.7, 20.72, 20.98, 21.3, 21.32, 35.02)] + [0x8116, 0x7FFF]
)
state_words = st.sampled_from([0, 1, 2, 2, 3, 4, 7, 10, 0x0100, 0x0102, 0x0102])
peers = st.sampled_from([BASE, BASE, BASE, STRANGER])


class Life(RuleBasedStateMachine):
    """A base station, users, a debugging client and time, at two zones and the plant's own registers."""

    @initialize(no_data=st.sampled_from([0, 10]))
    def begin(self, no_data: int) -> None:
        """A new gateway knows nothing."""
        self.folder = tempfile.TemporaryDirectory()
        self.gateway = Gateway(Path(self.folder.name) / "lock", Rules(no_data_state=no_data))
        self.model = Model(START, no_data)
        self.followed: list[tuple[Command, int, Wish]] = []
        self.spoken: dict[int, set[int]] = {address: set() for address in COMMANDS}
        """What the base has said since the start, the last silence and the last release."""

    def teardown(self) -> None:
        self.folder.cleanup()

    # What may happen

    @rule(seconds=seconds, zone=zones, state=state_words, wish=setpoint_words)
    def base_writes_a_zone(self, seconds: float, zone: ZoneRef, state: int, wish: int) -> None:
        """State, setpoint and temperature in one write."""
        self._frame(seconds, BASE)
        self.gateway.writes(zone.state_address, state, wish, degrees(20))
        self.model.known, self.model.last_heard = True, self.model.now
        self._written(zone.state_address, state)
        self._written(zone.setpoint_address, wish)

    @rule(seconds=seconds, address=st.sampled_from(sorted(SETPOINTS)), word=setpoint_words)
    def base_writes_a_setpoint(self, seconds: float, address: int, word: int) -> None:
        self._frame(seconds, BASE)
        self.gateway.writes(address, word)
        self._written(address, word)

    @rule(seconds=seconds, address=st.sampled_from(sorted(STATES)), word=state_words)
    def base_writes_a_state(self, seconds: float, address: int, word: int) -> None:
        self._frame(seconds, BASE)
        self.gateway.writes(address, word)
        self._written(address, word)

    @rule(seconds=seconds, which=st.integers(0, 5), how=st.sampled_from(["same", "old", "near", "high byte"]))
    def base_reacts_to_a_wish(self, seconds: float, which: int, how: str) -> None:
        """The base writes a register that has an open order: an echo, the old value, or something like them."""
        self._frame(seconds, BASE)
        self.gateway.desk.heard(BASE, self.gateway.now)
        open_wishes = [address for address in COMMANDS if self.model.wish(address)]
        if not open_wishes:
            return
        address = open_wishes[which % len(open_wishes)]
        wish = self.model.registers[address].wish
        assert wish is not None
        words = {"same": wish.word, "old": wish.before, "near": wish.word + 1, "high byte": wish.word ^ 0x0100}
        word = words[how]
        if word is not None:
            self.gateway.writes(address, word)
            self._written(address, word)

    @rule(seconds=seconds, address=st.sampled_from(sorted(SETPOINTS)), word=setpoint_words)
    def somebody_else_writes_a_setpoint(self, seconds: float, address: int, word: int) -> None:
        """Shown, but never served, and no answer to a wish, unless it may have been the base."""
        self._frame(seconds, STRANGER)
        self.gateway.writes(address, word, peer=STRANGER)
        if not self.model.anybody():
            self.model.wish(address)
            self.model.write_of_another(address, word)
        else:
            self._written(address, word)

    @rule(seconds=seconds, span=st.sampled_from(RANGES), peer=peers)
    def somebody_reads(self, seconds: float, span: tuple[int, int], peer: Peer) -> None:
        """The answer is the model's, and counts as delivered if that was the base."""
        self._frame(seconds, peer)
        start, count = span
        words = self.gateway.reads(start, count, peer=peer)
        for address in COMMANDS:
            if start <= address < start + count:
                self._check_answer(address, words[address - start])
                self.model.deliver(address, peer == BASE)

    @rule(seconds=seconds, zone=zones, state=states, celsius=st.sampled_from(WISHES))
    def user_sets_a_zone(self, seconds: float, zone: ZoneRef, state: str, celsius: float) -> None:
        self._submit(seconds, zone_state(state, zone), setpoint(celsius, zone))

    @rule(seconds=seconds, zone=zones, celsius=st.sampled_from(WISHES))
    def user_sets_a_setpoint(self, seconds: float, zone: ZoneRef, celsius: float) -> None:
        self._submit(seconds, setpoint(celsius, zone))

    @rule(seconds=seconds, mode=modes, state=states)
    def user_sets_the_plant(self, seconds: float, mode: str, state: str) -> None:
        self._submit(seconds, global_mode(mode), global_state(state))

    @rule(seconds=seconds, zone=zones)
    def user_releases_a_zone(self, seconds: float, zone: ZoneRef) -> None:
        self._wait(seconds)
        addresses = (zone.state_address, zone.setpoint_address)
        self.gateway.desk.release(zone, PERSON, self.gateway.now)
        self.model.release(addresses)
        self.spoken.update({address: set() for address in addresses})

    @rule(seconds=seconds)
    def time_passes(self, seconds: float) -> None:
        self._wait(seconds)
        self.gateway.desk.tick(self.gateway.now)

    @rule(seconds=seconds)
    def daemon_restarts(self, seconds: float) -> None:
        self._wait(seconds)
        self.gateway.restart()
        self.model.restart()
        self.spoken = {address: set() for address in COMMANDS}

    # What always holds

    @invariant()
    def desk_and_model_agree(self) -> None:
        """Whoever looks reads what the model says; after that no expired word is left anywhere."""
        if self.model.silent():  # on a bus, a frame is heard before it is answered
            self._frame(0.0, STRANGER)
            self.gateway.desk.heard(STRANGER, self.gateway.now)
        for address in COMMANDS:
            self._check_answer(address, self.gateway.desk.read(BASE, address, 1, self.gateway.now).words[0])
        for address in COMMANDS:
            self._check_image(address)
        for command, address, wish in self.followed[-6:]:
            assert self.gateway.write_of(command, address)["state"] == wish.state

    # Inside

    def _wait(self, seconds: float) -> None:
        self.gateway.wait(seconds)
        self.model.now = self.gateway.now

    def _frame(self, seconds: float, peer: Peer) -> None:
        self._wait(seconds)
        if self.model.silent():
            self.spoken = {address: set() for address in COMMANDS}
        self.model.hear(peer == BASE)

    def _written(self, address: int, word: int) -> None:
        self.model.write(address, word)
        self.spoken[address].add(word)

    def _submit(self, seconds: float, *intentions: Intention) -> None:
        self._wait(seconds)
        command = self.gateway.submit(*intentions)
        self.followed += [(command, i.address, self.model.submit(i.address, i.word)) for i in intentions]

    def _check_image(self, address: int) -> None:
        """A word is pending in the image exactly while its order is open, and the base's own stands beside it."""
        wish = self.model.wish(address)
        assert self.gateway.pending(address) == (None if wish is None else wish.word)
        assert self.gateway.reported(address) == self.model.registers[address].reported

    def _check_answer(self, address: int, word: int) -> None:
        wish = self.model.wish(address)
        no_data = 0 if address in SETPOINTS else self.model.no_data
        # Held without the model: no word of a closed command, and none that is not a command.
        assert word == no_data or (wish is not None and word == wish.word) or word in self.spoken[address]
        assert word == no_data or is_legal(address, word)
        assert word == self.model.answer(address)


Life.TestCase.settings = settings(max_examples=200, stateful_step_count=40)
TestLife = Life.TestCase


def test_the_model_speaks_of_real_registers() -> None:
    """The model's addresses are those of the register map."""
    assert {MODE, STATE} < set(COMMANDS)
    for zone, (wish, state) in zip(ZONES, SETPOINTS.items(), strict=True):
        assert (zone.setpoint_address, zone.state_address) == (wish, state)
        assert state in LOW_BYTE_ONLY

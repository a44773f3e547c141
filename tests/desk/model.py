"""docs/protocol.md §5 once more, as plainly as possible: what test_life.py holds the desk against.

Written from the text, not from the code under test; setpoints are compared in whole hundredths of a degree.
"""

from dataclasses import dataclass, field

SETPOINTS = {101: 100, 201: 200}
"""Each setpoint register, with the state register of its zone."""
STATES = {100: range(1, 7), 200: range(1, 7), 2: range(1, 7), 1: range(1, 6)}
COMMANDS = [*STATES, *SETPOINTS]
PROGRAMS = {100: (4, (1, 2)), 200: (4, (1, 2)), 2: (4, (1, 2)), 1: (1, (2, 3))}
LOW_BYTE_ONLY = {100, 200}


def hundredths(word: int) -> int | None:
    """DPT 9.001 in hundredths of a degree, None for the invalid-data word."""
    mantissa = word % 2048 - (2048 if word >= 0x8000 else 0)
    return None if word == 0x7FFF else mantissa * 2 ** (word // 2048 % 16)


@dataclass
class Wish:
    """One register of a command."""

    word: int
    before: int | None
    accepted: float
    state: str = "accepted"
    delivered: float = 0.0
    earlier: int | None = None
    held: int | None = None
    held_at: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.state in ("accepted", "delivered")


@dataclass
class Register:
    """A command register: `own` while the base's word may be served, `moving` when its state was commanded.

    `foreign` while another device's word is reported; `base_word` is what the base had before.
    """

    reported: int | None = None
    own: bool = False
    wish: Wish | None = None
    moving: float | None = None
    moved_to: int | None = None
    foreign: bool = False
    base_word: int | None = None

    @property
    def before(self) -> int | None:
        return self.base_word if self.foreign else self.reported


@dataclass
class Model:
    """The whole gateway. `known` once the base has written a measurement, `lapsed` while anybody may be it again."""

    now: float
    no_data: int
    known: bool = False
    lapsed: bool = False
    base_at: float = 0.0
    last_heard: float | None = None
    forgotten: float = 0.0
    registers: dict[int, Register] = field(default_factory=lambda: {a: Register() for a in COMMANDS})

    def wish(self, address: int) -> Wish | None:
        """The open wish of a register; one whose time is up is closed."""
        wish = self.registers[address].wish
        if wish is not None and wish.state == "accepted" and self.now >= wish.accepted + 30:
            self._end(address, "expired")
        if wish is not None and wish.state == "delivered" and self.now >= wish.delivered + 60:
            self._end(address, "unconfirmed")
        return wish if wish is not None and wish.is_open else None

    def _end(self, address: int, state: str) -> None:
        """A wish ends without a word of the base; what it wrote meanwhile is its last one all the same."""
        register = self.registers[address]
        assert register.wish is not None
        register.wish.state = state
        if register.wish.held is not None:
            register.reported, register.own = register.wish.held, register.wish.held_at >= self.forgotten
            register.foreign = False

    def answer(self, address: int) -> int:
        register, wish = self.registers[address], self.wish(address)
        if wish is not None:
            return wish.word
        if register.own and not self.silent() and is_legal(address, register.reported):
            return register.reported or 0
        return 0 if address in SETPOINTS else self.no_data

    def silent(self) -> bool:
        return self.last_heard is not None and self.now > self.last_heard + 180

    def hear(self, is_base: bool) -> None:
        lapsed = not is_base and (self.lapsed or (self.known and self.now > self.base_at + 60))
        if self.silent() or lapsed != self.lapsed:
            for register in self.registers.values():
                register.own = False
            self.forgotten = self.now
        self.lapsed = lapsed
        if is_base:
            self.base_at = self.now
        if is_base or self.anybody():
            self.last_heard = self.now

    def anybody(self) -> bool:
        """Whether anybody may be the base."""
        return not self.known or self.lapsed

    def deliver(self, address: int, is_base: bool) -> None:
        wish = self.wish(address)
        if wish is None or wish.state == "delivered" or not (is_base or self.anybody()):
            return
        wish.state, wish.delivered = "delivered", self.now
        for setpoint, state in SETPOINTS.items():
            if address in (1, 2, state):
                self.registers[setpoint].moving, self.registers[setpoint].moved_to = self.now, None

    def write(self, address: int, word: int) -> None:
        register, wish = self.registers[address], self.wish(address)
        if wish is None:
            if word != register.reported:
                self._moved(register, word)
        elif wish.state == "delivered" and says_nothing(address, word):
            pass
        elif not self._counts(address, wish, word):
            wish.held, wish.held_at = word, self.now
            return
        elif self._echoes(address, wish, word):
            wish.state = "confirmed"
        elif not self._moved(register, word):
            wish.state = "overridden"
        register.reported, register.own, register.foreign = word, True, False

    def write_of_another(self, address: int, word: int) -> None:
        register = self.registers[address]
        if word != register.reported:
            register.base_word, register.foreign = register.before, True
            register.reported, register.own = word, False

    def submit(self, address: int, word: int) -> Wish:
        register, older = self.registers[address], self.wish(address)
        was_read = older is not None and older.state == "delivered"
        already = not was_read and self._is_there(address, word)
        if older is not None:
            self._end(address, "superseded")
        earlier = older.word if older is not None and was_read else None
        register.wish = Wish(word, register.before, self.now, earlier=earlier)
        if already:
            register.wish.state = "confirmed"
        return register.wish

    def _is_there(self, address: int, word: int) -> bool:
        register = self.registers[address]
        return register.own and not self.silent() and same(address, word, register.reported or 0, 2)

    def release(self, addresses: tuple[int, ...]) -> None:
        for address in addresses:
            wish = self.wish(address)
            if wish is not None:
                self._end(address, "cancelled" if wish.state == "accepted" else "unconfirmed")
            self.registers[address].own = False

    def restart(self) -> None:
        for register in self.registers.values():
            if register.wish is not None and register.wish.is_open:
                register.wish.state = "expired"
            register.own, register.wish, register.moving, register.moved_to = False, None, None, None
            register.foreign = False
        self.known, self.lapsed, self.last_heard = False, False, None

    def _moved(self, register: Register, word: int) -> bool:
        """Whether a setpoint's move belongs to a state command: one word, and within 60 s."""
        if register.moving is None or self.now > register.moving + 60:
            return False
        if register.moved_to is None:
            register.moved_to = word
        return register.moved_to == word

    def _counts(self, address: int, wish: Wish, word: int) -> bool:
        if wish.state == "accepted":
            return word != wish.before and same(address, wish.word, word, 2)
        return not (is_old(address, wish, word) and self.now <= wish.delivered + 5)

    def _echoes(self, address: int, wish: Wish, word: int) -> bool:
        if is_old(address, wish, word):
            return False
        program, results = PROGRAMS.get(address, (None, ()))
        resolved = wish.state == "delivered" and wish.word == program and low(address, word) in results
        return resolved or same(address, wish.word, word, 30)


def says_nothing(address: int, word: int) -> bool:
    if address in STATES:
        return low(address, word) not in STATES[address]
    return word == 0x7FFF


def low(address: int, word: int) -> int:
    return word % 256 if address in LOW_BYTE_ONLY else word


def is_old(address: int, wish: Wish, word: int) -> bool:
    if same(address, wish.word, word, 0):
        return False
    return word == wish.before or (wish.earlier is not None and same(address, wish.earlier, word, 30))


def is_legal(address: int, word: int | None) -> bool:
    if word is None:
        return False
    if address in STATES:
        return word in STATES[address]
    value = hundredths(word)
    return value is not None and 500 <= value <= 3500


def same(address: int, ours: int, theirs: int, tolerance: int) -> bool:
    if address in STATES:
        return low(address, ours) == low(address, theirs)
    a, b = hundredths(ours), hundredths(theirs)
    return a is not None and b is not None and abs(a - b) <= tolerance

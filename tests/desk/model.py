"""PROTOCOL.md §5 once more, as plainly as possible: what test_life.py holds the desk against.

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

    @property
    def is_open(self) -> bool:
        return self.state in ("accepted", "delivered")


@dataclass
class Register:
    """A command register: `own` while the base's word may be served, `moving` when its state was commanded."""

    reported: int | None = None
    own: bool = False
    wish: Wish | None = None
    moving: float | None = None


@dataclass
class Model:
    """The whole gateway. `known` once the base has written a measurement."""

    now: float
    no_data: int
    known: bool = False
    last_heard: float | None = None
    registers: dict[int, Register] = field(default_factory=lambda: {a: Register() for a in COMMANDS})

    def wish(self, address: int) -> Wish | None:
        """The open wish of a register; one whose time is up is closed."""
        wish = self.registers[address].wish
        if wish is not None and wish.state == "accepted" and self.now >= wish.accepted + 30:
            wish.state = "expired"
        if wish is not None and wish.state == "delivered" and self.now >= wish.delivered + 60:
            wish.state = "unconfirmed"
        return wish if wish is not None and wish.is_open else None

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
        if self.silent():
            for register in self.registers.values():
                register.own = False
        if is_base or not self.known:
            self.last_heard = self.now

    def deliver(self, address: int, is_base: bool) -> None:
        wish = self.wish(address)
        if wish is None or wish.state == "delivered" or (self.known and not is_base):
            return
        wish.state, wish.delivered = "delivered", self.now
        for setpoint, state in SETPOINTS.items():
            if address in (1, 2, state):
                self.registers[setpoint].moving = self.now

    def write(self, address: int, word: int) -> None:
        register, wish = self.registers[address], self.wish(address)
        if wish is None:
            if word != register.reported:
                self._moved(register)
        elif not self._counts(address, wish, word):
            return
        elif self._echoes(address, wish, word):
            wish.state = "confirmed"
        elif not self._moved(register):
            wish.state = "overridden"
        register.reported, register.own = word, True

    def submit(self, address: int, word: int) -> Wish:
        register, older = self.registers[address], self.wish(address)
        if older is not None:
            older.state = "superseded"
        register.wish = Wish(word, register.reported, self.now)
        return register.wish

    def release(self, addresses: tuple[int, ...]) -> None:
        for address in addresses:
            wish = self.wish(address)
            if wish is not None:
                wish.state = "cancelled" if wish.state == "accepted" else "unconfirmed"
            self.registers[address].own = False

    def restart(self) -> None:
        for register in self.registers.values():
            if register.wish is not None and register.wish.is_open:
                register.wish.state = "expired"
            register.own, register.wish, register.moving = False, None, None
        self.known, self.last_heard = False, None

    def _moved(self, register: Register) -> bool:
        """Whether a setpoint's move belongs to a state command: once, and within 60 s."""
        since, register.moving = register.moving, None
        return since is not None and self.now <= since + 60

    def _counts(self, address: int, wish: Wish, word: int) -> bool:
        if address in STATES and low(address, word) == 0:
            return False
        if wish.state == "accepted":
            return not is_old(address, wish, word) and same(address, wish.word, word, 2)
        return not (is_old(address, wish, word) and self.now <= wish.delivered + 5)

    def _echoes(self, address: int, wish: Wish, word: int) -> bool:
        if is_old(address, wish, word):
            return False
        program, results = PROGRAMS.get(address, (None, ()))
        resolved = wish.state == "delivered" and wish.word == program and low(address, word) in results
        return resolved or same(address, wish.word, word, 30)


def low(address: int, word: int) -> int:
    return word % 256 if address in LOW_BYTE_ONLY else word


def is_old(address: int, wish: Wish, word: int) -> bool:
    """Whether it is the exact pre-command word; where that says what our user wants, it is no old value."""
    return word == wish.before and not same(address, wish.word, word, 0)


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

"""Faults made on purpose, for drills; only where NEASMART_FAULTS_ENABLED allows it."""

from __future__ import annotations

from http import HTTPStatus

from neasmart_gateway.api.described import described
from neasmart_gateway.api.guard.callers import caller
from neasmart_gateway.api.resource import Resource, Routes
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.api.v1.models.faults import Drill, Drills, FaultWish, NamedFaultWish
from neasmart_gateway.domain.faults import FaultKind
from neasmart_gateway.errors import Conflict, DaemonAway, InvalidValue, NotFound
from neasmart_gateway.manager.drills import Drills as DrillDoor

_CREATED = {201: "It is on."}
_ENDED = {200: "Those that were on, and are off now."}


class _Allowed(Resource):
    """Refuses everything unless the operator allows drills."""

    @property
    def drills(self) -> DrillDoor:
        """The way to the drills; Conflict where they are not allowed."""
        if not self.options.faults_enabled:
            raise Conflict("faults cannot be made on purpose here: NEASMART_FAULTS_ENABLED is off")
        return self.manager.drills


class AllFaults(_Allowed):
    """The newest drill of each kind, running or over."""

    @described(scope=Scope.ADMIN, refuses=(Conflict,))
    def get(self) -> Drills:
        return Drills.of(self.drills.all())

    @described(
        takes=NamedFaultWish, scope=Scope.ADMIN, critical=True, answers=_CREATED,
        refuses=(Conflict, DaemonAway, InvalidValue),
    )  # fmt: skip
    def post(self, wanted: NamedFaultWish) -> tuple[Drill, int]:
        """Switch a fault on; a drill of its kind that runs ends."""
        fault = wanted.fault(FaultKind(wanted.kind))
        return Drill.of(self.drills.start(fault, caller().who)), HTTPStatus.CREATED

    @described(scope=Scope.ADMIN, critical=True, answers=_ENDED, refuses=(Conflict, DaemonAway))
    def delete(self) -> Drills:
        """Switch all faults off."""
        return Drills.of(self.drills.end(list(FaultKind), caller().who))


class OneFault(_Allowed):
    """The newest drill of this kind; 404 when there was none."""

    @described(scope=Scope.ADMIN, refuses=(Conflict, NotFound))
    def get(self, kind: str) -> Drill:
        found = {view.fault.kind.value: view for view in self.drills.all()}
        if _known(kind) not in found:
            raise NotFound(f"there was no drill of {kind} yet")
        return Drill.of(found[kind])

    @described(
        takes=FaultWish, scope=Scope.ADMIN, critical=True, answers=_CREATED,
        refuses=(Conflict, NotFound, DaemonAway, InvalidValue),
    )  # fmt: skip
    def post(self, kind: str, wanted: FaultWish) -> tuple[Drill, int]:
        """Switch this fault on; a drill of its kind that runs ends."""
        drills = self.drills
        return Drill.of(drills.start(wanted.fault(_known(kind)), caller().who)), HTTPStatus.CREATED

    @described(scope=Scope.ADMIN, critical=True, answers=_ENDED, refuses=(Conflict, NotFound, DaemonAway))
    def delete(self, kind: str) -> Drills:
        """Switch this fault off."""
        drills = self.drills
        return Drills.of(drills.end([_known(kind)], caller().who))


def _known(kind: str) -> FaultKind:
    if kind not in list(FaultKind):
        raise NotFound(f"there is no fault {kind[:40]!r}; there are {', '.join(FaultKind)}")
    return FaultKind(kind)


ROUTES: Routes = {"/faults": AllFaults, "/faults/<kind>": OneFault}

"""A fault that makes no sense is refused at birth, by the name of the field."""

import pytest

from neasmart_gateway.domain.faults import DELAYED, Fault, FaultKind
from neasmart_gateway.errors import InvalidValue


@pytest.mark.parametrize(("field", "least", "most"), [("duration", 1, 600), ("probability", 0, 1)])
def test_limits_of_all_kinds(field: str, least: float, most: float) -> None:
    """Both ends are allowed, and nothing beyond them."""
    for value in (least, most):
        assert getattr(Fault(FaultKind.BUS_SILENCE, **{"duration": 60, field: value}), field) == value
    for value in (least - 0.01, most + 0.01, float("nan")):
        with pytest.raises(InvalidValue) as refused:
            Fault(FaultKind.BUS_SILENCE, **{"duration": 60, field: value})
        assert refused.value.field == field


@pytest.mark.parametrize("kind", FaultKind)
@pytest.mark.parametrize(("field", "most"), [("delay_ms", 5000), ("mebibytes", 512)])
def test_what_belongs_to_some_kinds_only(kind: FaultKind, field: str, most: int) -> None:
    kinds = DELAYED if field == "delay_ms" else {FaultKind.MEMORY_PRESSURE}
    for value in (1, most) if kind in kinds else ():
        assert getattr(Fault(kind, 60, **{field: value}), field) == value
    for value in (0, most + 1) if kind in kinds else (1, most):
        with pytest.raises(InvalidValue) as refused:
            Fault(kind, 60, **{field: value})
        assert refused.value.field == field


def test_what_is_left_out_has_its_usual_size() -> None:
    """50 ms and 64 MiB."""
    assert (Fault(FaultKind.SLOW_DISK, 60).delay, Fault(FaultKind.MEMORY_PRESSURE, 60).size) == (0.05, 64)
    assert Fault(FaultKind.SLOW_DISK, 60, delay_ms=700).delay == 0.7

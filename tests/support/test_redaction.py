"""No secret is left in a text, however it stands there; and nobody's rooms, where that is wanted."""

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from neasmart_gateway.settings.api import Api, KeySettings
from neasmart_gateway.settings.models import Settings
from neasmart_gateway.support.redaction import MASK, Anonymity, Redaction, secrets_of, throughout

HASH = f"scrypt${'a' * 22}${'b' * 43}"


def test_every_secret_of_the_settings_is_known() -> None:
    """Keys, hashes, signing secrets, and the password within an address, as it stands there and as it is meant."""
    api = Api.model_construct(
        key=SecretStr("open-sesame"), rate_limit_storage=SecretStr("redis://:p%40ss@192.0.2.1:1/0")
    )
    signer = KeySettings(name="tablet", scope="admin", hash=SecretStr(HASH), signing_secret=SecretStr("s" * 40))
    found = secrets_of(Settings.model_construct(api=api, keys=(signer,)))
    assert {"open-sesame", "redis://:p%40ss@192.0.2.1:1/0", "p%40ss", "p@ss", HASH, "s" * 40} == set(found)


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=4, max_size=30))
def test_however_it_is_spelt(secret: str) -> None:
    """In plain text, JSON, an address, Python's own words, or a line of JSON within a line of JSON."""
    in_json = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    spelt = [secret, *in_json, *(json.dumps(one)[1:-1] for one in in_json), repr(secret)[1:-1]]
    spelt += [quote(secret), quote(secret, safe=""), quote_plus(secret), secret.encode("unicode_escape").decode()]
    assert {Redaction([secret])(f"<{one}>") for one in spelt} == {f"<{MASK}>"}


@pytest.mark.parametrize(
    "line",
    [
        "X-API-Key: {}", "x-api-key={}", '{{"x-api-key": "{}"}}', "{{'X-API-Key': '{}'}}", "Authorization: Bearer {}",
        '{{"authorization": "Bearer {}"}}', "Authorization: Basic {}", "X-Signature: {}", "GET /events?ticket={}&a=1",
        "sent Bearer {} by mistake", "redis://user:{}@192.0.2.1", "rediss://:{}@host", "password={}", "Cookie: a={}",
        r'"{{\"X-API-Key\": \"{}\"}}"', "MQTT_PASSWORD={}", "access_token={}", '{{"client_secret": "{}"}}',
        'passwd="my long {}"', '{{"api_key": "zz {}"}}', "password: s,{}", "pwd='a \\' {}'",
        'Authorization: Digest username="bob", response="{}"', "Cookie: session=abc; b={}", r'"{{\"pwd\": \"a {}\"}}"',
        "wall-tablet.0123456789abcdef01234_-{}abcde was used",
    ],
)  # fmt: skip
def test_secrets_of_others(line: str) -> None:
    """What the settings do not know is recognised by where it stands; what stands around it stays."""
    redacted = Redaction([])(f"10:00:00 {line.format('tr0ub4dor-and-3')} then more")
    assert "tr0ub4dor" not in redacted
    assert redacted.startswith("10:00:00 ")
    assert redacted.endswith(" then more")


def test_json_is_still_json() -> None:
    """What is called a secret, and what stands in texts; numbers stay, names and texts change by themselves."""
    told = {
        "token": "abc def",
        "tokens": 3,
        "a": [{"client_secret": 'q"x', "password": None, "note": "pwd=hunter2 ok"}],
    }
    assert Redaction([]).throughout(told) == {
        "token": MASK, "tokens": 3, "a": [{"client_secret": MASK, "password": None, "note": f"pwd={MASK} ok"}],
    }  # fmt: skip
    hidden = Anonymity({"1": "zone-1.1", "zone": "zone-1.2"})
    assert throughout({"zone": 1, "label": "1", "a": ["zone", 2]}, hidden) == {
        "zone-1.2": 1, "label": "zone-1.1", "a": ["zone-1.2", 2],
    }  # fmt: skip


def test_a_hash_of_a_key() -> None:
    assert HASH not in Redaction([])(f"hash: {HASH}.")


def test_what_is_no_secret_stays() -> None:
    """Ordinary lines are as they were, JSON is still JSON; a secret too short to be one is not looked for."""
    text = json.dumps(
        {"event": "request", "status": 200, "keys": {"refused": 1}, "tickets": {"issued": 5}, "a": "key: 1"}
    )
    assert Redaction(["open-sesame", "a", ""])(text) == text


def test_rooms_and_addresses() -> None:
    """Names as whole words, however they are spelt; the same address is the same word each time."""
    hidden = Anonymity({"Küche": "zone-1.1", "Küche oben": "zone-1.2", 'Ann "A"': "zone-1.3"})
    text = 'Küche oben, Küche; K\\u00fcche Küchentür {"label": "Ann \\"A\\""} 192.0.2.10 to fe80::1, 192.0.2.10:502'
    assert hidden(text) == (
        'zone-1.2, zone-1.1; zone-1.1 Küchentür {"label": "zone-1.3"} address-1 to address-2, address-1:502'
    )


@pytest.mark.parametrize(
    "text",
    ["06:30:00", "2026-11-21T06:30:00.250Z", "127.0.0.1", "::1", "0.0.0.0.0", "::", "999.1.1.1", "a::b::c", "3.16.1"],
)
def test_what_is_no_address_of_a_house(text: str) -> None:
    assert Anonymity({})(text) == text


def test_nothing_to_hide() -> None:
    assert Anonymity({})("Küche") == "Küche"

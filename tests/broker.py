"""A real MQTT broker for tests: mosquitto on a port of its own, and clients of it that share no code with ours."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.running import DEADLINE, eventually, free_ports

ANYBODY = "allow_anonymous true\n"


@dataclass
class Broker:
    """Start it, stop it, start it again on the same port: it forgets what it held, unless `persistent`."""

    folder: Path
    config: str = ANYBODY
    persistent: bool = False
    options: str = ""
    """Lines for the listener itself."""

    def __post_init__(self) -> None:
        (self.port,) = free_ports(1)
        self.process: subprocess.Popen[bytes] | None = None
        self._file = self.folder / "mosquitto.conf"
        self.log = self.folder / "mosquitto.log"

    @property
    def settings(self) -> dict[str, str]:
        """What a gateway needs to find it."""
        return {"NEASMART_MQTT_HOST": "127.0.0.1", "NEASMART_MQTT_PORT": str(self.port)}

    def start(self) -> None:
        kept = f"persistence true\npersistence_location {self.folder}/\n" if self.persistent else "persistence false\n"
        listener = f"listener {self.port} 127.0.0.1\n{self.options}"
        self._file.write_text(f"{kept}user root\nlog_type all\n{listener}{self.config}")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", str(self._file)], stdout=log, stderr=log)
        eventually(self._listens, "the broker listens")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(DEADLINE)
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def client(self, **login: str) -> Client:
        """A client that is connected."""
        return Client(self.port, **login)

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        return _answers(self.port)


@dataclass
class Client:
    """Somebody at the broker, such as Home Assistant: what was heard, by topic, and what is said.

    `retained` is what the broker holds, as far as it was told us; `heard` is every message in its order.
    """

    port: int
    username: str | None = None
    password: str | None = None
    topics_heard: tuple[str, ...] = ("#",)
    retained: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._there = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        if self.username is not None:
            self._client.username_pw_set(self.username, self.password)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._client.reconnect_delay_set(0.1, 0.1)
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        assert self._there.wait(DEADLINE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: str, *, retain: bool = False, qos: int = 1) -> None:
        """Publish, and see that the broker has it."""
        self._client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(DEADLINE)

    def flood(self, topic: str, count: int) -> None:
        """Publish the same so many times, as fast as it goes."""
        for _ in range(count):
            self._client.publish(topic, "")

    def last(self, topic: str) -> str | None:
        """The newest message of a topic, None before the first."""
        with self._lock:
            return self.retained.get(topic)

    def json(self, topic: str) -> dict[str, Any]:
        """The newest message of a topic as an object; empty before the first."""
        text = self.last(topic)
        return json.loads(text) if text else {}

    def messages(self, topic: str) -> list[str]:
        """Every message of a topic, in its order."""
        with self._lock:
            return [payload for where, payload, _ in self.heard if where == topic]

    def topics(self) -> set[str]:
        """Every topic that is not empty."""
        with self._lock:
            return {topic for topic, payload in self.retained.items() if payload}

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe([(topic, 0) for topic in self.topics_heard])
        self._there.set()

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        with self._lock:
            payload = message.payload.decode()
            self.retained[message.topic] = payload
            self.heard.append((message.topic, payload, message.retain))


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def broker_in(folder: Path, config: str = ANYBODY, *, persistent: bool = False, options: str = "") -> Iterator[Broker]:
    """A broker that listens."""
    broker = Broker(folder, config, persistent, options)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()

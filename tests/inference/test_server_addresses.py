"""Where servers are: what a setting may say, and what a name stands for."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest

from harness.waiting import until
from tracker_service.errors import InferenceError, ModelNotFoundError, SettingsError
from tracker_service.inference.client import Tensor
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.model_repository import default_repository
from tracker_service.inference.server_addresses import checked_urls, may_be_several, resolved
from tracker_service.inference.several_servers import Connection, SeveralServers
from tracker_service.inference.triton.policy import FailurePolicy

MODEL = "hmr_lite"
CROPS = {"crops": np.zeros((1, 256, 256, 3), np.uint8)}


def test_a_setting_names_one_server_or_several_each_once() -> None:
    assert checked_urls("grpc://a:8001") == ("a:8001",)
    assert checked_urls("a:8001, b:8001,a:8001") == ("a:8001", "b:8001")


@pytest.mark.parametrize("urls", ["", "a:8001,", "a", "a:8001,b:port", "http://a:8001"])
def test_what_is_no_list_of_addresses_is_refused(urls: str) -> None:
    with pytest.raises(SettingsError, match="expected host:port of the gRPC service"):
        checked_urls(urls)


@pytest.mark.parametrize(
    ("addresses", "several"),
    [
        (["127.0.0.1:1"], False),
        (["localhost:1"], False),
        (["[::1]:1"], False),
        (["triton:1"], True),
        (["a:1", "b:1"], True),
    ],
)
def test_a_name_may_stand_for_several_servers_and_a_number_does_not(addresses: list[str], several: bool) -> None:
    assert may_be_several(addresses) == several


class Names:
    """Stands in for the name service, which a test cannot change: names and their addresses of IPv4 and IPv6."""

    def __init__(self, known: dict[str, list[str]]) -> None:
        self.known = known

    def getaddrinfo(self, host: str, _port: object, family: int, kind: int) -> list[tuple[Any, ...]]:
        wanted = [number for number in self.known.get(host, []) if (":" in number) == (family == socket.AF_INET6)]
        if not wanted:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(family, kind, 6, "", (number, 0)) for number in wanted]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    found = Names({"triton": ["10.0.0.2", "10.0.0.1", "fd00::1"], "six": ["fd00::1"]})
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    return found


@pytest.mark.usefixtures("names")
def test_every_address_of_a_name_is_a_server_and_unknown_names_are_none() -> None:
    assert resolved(["triton:8001"]) == ("10.0.0.1:8001", "10.0.0.2:8001")
    assert resolved(["six:8001", "localhost:9", "nobody:1"]) == ("[fd00::1]:8001", "localhost:9")


class Counted(EmbeddedClient):
    """The models of this process as one of several servers."""

    def __init__(self) -> None:
        super().__init__(default_repository())
        self.calls = 0

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        self.calls += 1
        return super().infer(model, inputs, outputs)

    def failures(self) -> dict[type[InferenceError], int]:
        return {InferenceError: self.calls}

    def repeated_models(self) -> dict[str, int]:
        return {MODEL: self.calls}


@contextmanager
def behind(name: str, opened: dict[str, Counted]) -> Iterator[SeveralServers]:
    def connect(address: str, _: int) -> Connection:
        opened[address] = Counted()
        return Connection(opened[address], opened[address])

    with closing(SeveralServers([name], connect, FailurePolicy(), look_seconds=0.01)) as client:
        yield client


def test_servers_that_come_are_used_and_those_that_go_are_not_without_losing_counts(names: Names) -> None:
    opened: dict[str, Counted] = {}
    names.known["triton"] = ["10.0.0.1"]
    with behind("triton:1", opened) as client:
        client.infer(MODEL, CROPS, ["betas"])
        names.known["triton"] = ["10.0.0.1", "10.0.0.2"]
        until(lambda: len(client.addresses) == 2)
        for _ in range(4):
            client.infer(MODEL, CROPS, ["betas"])
        assert opened["10.0.0.2:1"].calls == 2
        names.known["triton"] = ["10.0.0.2"]
        until(lambda: client.addresses == ("10.0.0.2:1",))
        client.infer(MODEL, CROPS, ["betas"])
        until(lambda: client.failures() == {InferenceError: 6})
        assert client.repeated_models() == {MODEL: 6}


def test_a_name_that_nobody_knows_any_more_keeps_its_servers(names: Names) -> None:
    with behind("triton:1", {}) as client:
        before, asked = client.addresses, names.known.pop("triton")
        assert len(before) == len([number for number in asked if ":" not in number])
        client.infer(MODEL, CROPS, ["betas"])
        assert client.addresses == before


@pytest.mark.usefixtures("names")
def test_a_model_that_no_server_has_is_not_found_at_once_and_no_server_is_blamed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with behind("triton:1", {}) as client, pytest.raises(ModelNotFoundError, match="nothing_like_it"):
        client.signature("nothing_like_it")
    assert "left out" not in caplog.text

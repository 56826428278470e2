"""M9: pages that reach a service without keys through somebody's browser, and clients that lie about their address."""

import pytest

from harness.running_service import RunningService
from tests.api.conftest import StartService


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("evil.example:8000", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("evil.example.", 403),
        ("[::1", 403),
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("192.168.1.20:8000", 200),
        ("tracker:8000", 200),
        ("host.docker.internal:8000", 200),
        ("tracker.default.svc.cluster.local", 200),
    ],
)
def test_without_keys_names_that_somebody_can_register_are_refused(
    service: RunningService, host: str, status: int
) -> None:
    answer = service.get("/health", headers={"Host": host})
    assert answer.status_code == status
    if status == 403:
        assert "service.hosts" in answer.json()["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 400),
        ({}, 400),
    ],
)
def test_without_keys_pages_of_other_sites_cannot_post(
    service: RunningService, headers: dict[str, str], status: int
) -> None:
    answer = service.post("/jobs", content=b"[]", headers={"Content-Type": "text/plain", **headers})
    assert answer.status_code == status, answer.text


def test_a_page_of_the_service_itself_can_post(service: RunningService) -> None:
    assert service.post("/jobs", content=b"[]", headers={"Origin": service.url}).status_code == 400


def test_a_clients_word_about_its_address_counts_only_from_named_proxies(start_service: StartService) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Request-Id": "forwarded"}
    for settings, client in ((), "127.0.0.1"), (('service.proxies=["127.0.0.0/8"]',), "203.0.113.9"):
        running = start_service(*settings, ready=False)
        assert running.get("/jobs", headers=forwarded).status_code == 200
        assert running.log_entries("forwarded")[-1]["client"] == client


def test_a_service_that_others_can_reach_without_keys_warns(start_service: StartService) -> None:
    open_to_all = start_service("service.host=0.0.0.0", ready=False)
    assert open_to_all.log_lines("no service.api_keys are set")

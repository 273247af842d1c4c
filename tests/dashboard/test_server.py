"""Whom the dashboard's server answers, and that it asks nobody on the network, whoever knocks."""

from __future__ import annotations

import http.client
import runpy
from urllib.parse import urlsplit

import pytest
import streamlit
from streamlit import config, net_util

from lab.bench import browser
from tests.dashboard.conftest import asked_of


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """A folder whose sitecustomize.py writes down what a server asks of the network, and where."""
    return tmp_path_factory.mktemp("heard")


@pytest.fixture(scope="module")
def server(heard):
    with browser.served(**asked_of(heard)) as running:
        yield running


def knocked(server: browser.Server, **headers: str) -> int:
    """How the server answers to a websocket that begins with these headers."""
    port = urlsplit(server.address).port
    given = {name: value.format(port=port) for name, value in headers.items()}
    connection = http.client.HTTPConnection("localhost", port, timeout=browser.PATIENCE)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    try:
        connection.putrequest("GET", "/_stcore/stream", skip_host=True)
        for name, value in (upgrade | {"Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="} | given).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "https://evil.example:8501", "http://10.1.2.3", "null"])
def test_a_page_of_another_site_is_refused_and_nobody_is_asked_who_it_is(server, heard, origin):
    assert knocked(server, Host="localhost:{port}", Origin=origin) == 403
    assert (heard / "heard").read_text().splitlines() == ["all ears"]


@pytest.mark.parametrize("name", ["evil.example", "evil.example:{port}", "localhost.evil.example", "10.1.2.3:{port}"])
def test_a_name_that_somebody_pointed_at_this_machine_is_refused(server, heard, name):
    assert knocked(server, Host=name, Origin=f"http://{name}") == 403
    assert (heard / "heard").read_text().splitlines() == ["all ears"]


@pytest.mark.parametrize("name", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}"])
def test_this_machine_is_answered(server, name):
    assert knocked(server, Host=name, Origin=f"http://{name}") == 101


@pytest.mark.parametrize(
    ("address", "names", "told"),
    [("0.0.0.0", ["localhost", "127.0.0.1"], True), ("192.168.1.7", ["localhost"], True),
     ("0.0.0.0", ["localhost", "lab.example"], False), ("localhost", ["localhost"], False), ("::1", ["::1"], False)],
)  # fmt: skip
def test_who_opens_it_to_the_network_is_told_what_to_set(monkeypatch, capsys, address, names, told):
    options = {"server.address": address, "server.allowedHosts": names}
    monkeypatch.setattr(config, "get_option", options.get)
    monkeypatch.setattr(streamlit, "App", lambda script: script.is_file())
    for name in ("get_internal_ip", "get_external_ip"):
        monkeypatch.setattr(net_util, name, getattr(net_util, name))  # is put back afterwards
    assert runpy.run_path(str(browser.APP))["app"]
    assert ("--server.allowedHosts NAME" in capsys.readouterr().err) is told

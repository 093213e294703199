"""Both brokers start, keep flats apart, verify by TLS, stop, come back on their port, and hang when asked."""

import asyncio
import ssl

import aiomqtt
import pytest

from host_tests.peers import need
from tools import pki
from tools.brokers import KINDS, Broker, BrokerError, desk_user, flat_user, free_port

_BOUND_S = 10  # generous: a busy machine must not fail a right test

USERS = [flat_user("demo", "f12", "one"), flat_user("demo", "f13", "two"), desk_user("three")]


def client(broker, user, password):
    context = ssl.create_default_context(cafile=broker.tls.ca_pem)
    return aiomqtt.Client("127.0.0.1", broker.port, username=user, password=password, tls_context=context, timeout=_BOUND_S)


def run(kind, tmp_path, body):
    """Run `body(broker)` against a broker of `kind` with TLS and three users."""
    need(kind)

    async def whole():
        tls = pki.ensure(tmp_path / "pki")
        async with Broker(kind, dir=tmp_path / kind, tls=tls, users=USERS) as broker:
            await asyncio.wait_for(body(broker), 6 * _BOUND_S)
        assert not broker.running

    asyncio.run(whole())


async def first(messages):
    async for message in messages:
        return str(message.topic), message.payload
    raise AssertionError("the connection ended")


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_goes_from_flat_to_desk_and_back(kind, tmp_path):
    async def body(broker):
        async with client(broker, "demo.f12", "one") as flat, client(broker, "desk", "three") as desk:
            await desk.subscribe("ils/v1/+/+/+/alarm", qos=1)
            await flat.subscribe("ils/v1/demo/f12/u1/down", qos=1)
            await flat.publish("ils/v1/demo/f12/u1/alarm", b"up", qos=1)
            assert await asyncio.wait_for(first(desk.messages), _BOUND_S) == ("ils/v1/demo/f12/u1/alarm", b"up")
            await desk.publish("ils/v1/demo/f12/u1/down", b"down", qos=1)
            assert await asyncio.wait_for(first(flat.messages), _BOUND_S) == ("ils/v1/demo/f12/u1/down", b"down")

    run(kind, tmp_path, body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flat_neither_hears_nor_speaks_for_another(kind, tmp_path):
    async def body(broker):
        async with client(broker, "desk", "three") as desk, client(broker, "demo.f13", "two") as thief:
            await desk.subscribe("ils/v1/#", qos=1)
            await thief.subscribe("ils/v1/demo/f13/u1/down", qos=1)
            await listen_where_forbidden(thief, "ils/v1/demo/f12/u1/down")
            await thief.publish("ils/v1/demo/f12/u1/alarm", b"forged", qos=0)
            await thief.publish("ils/v1/demo/f13/u1/alarm", b"own", qos=1)
            assert await asyncio.wait_for(first(desk.messages), _BOUND_S) == ("ils/v1/demo/f13/u1/alarm", b"own")
            await desk.publish("ils/v1/demo/f12/u1/down", b"secret", qos=1)
            await desk.publish("ils/v1/demo/f13/u1/down", b"mine", qos=1)
            assert await asyncio.wait_for(first(thief.messages), _BOUND_S) == ("ils/v1/demo/f13/u1/down", b"mine")

    run(kind, tmp_path, body)


async def listen_where_forbidden(thief, topic):
    """mosquitto grants the subscription and delivers nothing; NATS refuses it."""
    try:
        await thief.subscribe(topic, qos=1)
    except aiomqtt.MqttError:
        return


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_is_refused(kind, tmp_path):
    async def body(broker):
        with pytest.raises(aiomqtt.MqttError):
            async with client(broker, "desk", "guess"):
                raise AssertionError("the broker let a wrong password in")

    run(kind, tmp_path, body)


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_on_its_port_after_a_stop(kind, tmp_path):
    async def body(broker):
        port = broker.port
        await broker.stop()
        assert broker.pid is None
        await broker.start()
        assert broker.port == port
        async with client(broker, "desk", "three") as desk:
            await desk.publish("ils/v1/demo/f12/u1/down", b"x", qos=1)

    run(kind, tmp_path, body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frozen_broker_answers_nobody_until_it_is_thawed_and_can_still_be_stopped(kind, tmp_path):
    async def body(broker):
        async with client(broker, "desk", "three") as desk:
            broker.freeze()
            waiting = asyncio.create_task(desk.publish("ils/v1/demo/f12/u1/down", b"x", qos=1))
            done, _ = await asyncio.wait([waiting], timeout=0.3)
            assert not done
            broker.thaw()
            await asyncio.wait_for(waiting, _BOUND_S)
        broker.freeze()

    run(kind, tmp_path, body)


def test_a_taken_port_is_named(tmp_path):
    async def body():
        async with Broker("nats", dir=tmp_path / "one") as broker:
            with pytest.raises(BrokerError, match=f"port {broker.port} is taken"):
                await Broker("nats", dir=tmp_path / "two", port=broker.port).start()

    need("nats")
    asyncio.run(body())


def test_a_port_of_ones_own_is_used(tmp_path):
    async def body():
        port = free_port()
        async with Broker("nats", dir=tmp_path, port=port) as broker:
            assert broker.port == port

    need("nats")
    asyncio.run(body())


def test_an_unknown_kind_and_a_missing_program_are_said_in_plain_words(tmp_path, monkeypatch):
    with pytest.raises(BrokerError, match="choose nats or mosquitto"):
        asyncio.run(Broker("rabbit", dir=tmp_path).start())
    monkeypatch.setattr("tools.brokers.shutil.which", lambda *_, **__: None)
    with pytest.raises(BrokerError, match="apt-get install mosquitto"):
        asyncio.run(Broker("mosquitto", dir=tmp_path).start())


def test_a_configuration_it_refuses_is_shown_with_its_log(tmp_path):
    need("nats")
    made = pki.ensure(tmp_path / "pki")
    made.cert_pem.write_text("broken")
    with pytest.raises(BrokerError, match=r"did not start on port .*nats\.log ends: .*"):
        asyncio.run(Broker("nats", dir=tmp_path / "b", tls=made, port=free_port()).start())

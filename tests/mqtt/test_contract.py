"""Documents, schemas and code say the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
import zstandard

from appliance.core.product import canonical
from appliance.mqtt.messages.blob import Chunk, Want, WantBlob, WantDelta, WantOther, parse_want
from appliance.mqtt.messages.catalogue import Delta, Head, Manifest, page_document, page_products
from appliance.mqtt.messages.journal import Ack, JournalBatch, WireRow, batch_packet
from appliance.mqtt.messages.payment import order_document, parse_order, parse_standing, standing_document
from appliance.mqtt.messages.presence import Health, HubState, presence
from appliance.mqtt.messages.sale import Sale
from appliance.mqtt.messages.signed import Forged, KeyRing
from appliance.mqtt.messages.wire import Fields, Malformed, decode
from appliance.mqtt.topics import RULES, Kind, every, parse, topic
from tests.mqtt.contract import FOLDER, SCHEMA_OF, examples, schemas, validator

VARIANTS = {
    "kiosk-will": "kiosk-state",
    "ack-conflict": "ack",
    "get-delta": "get",
    "blob-error": "blob",
    "pay-code": "pay",
    "pay-refund": "pay",
    "pay-state-failed": "pay-state",
}
READERS = {
    "hub-state": lambda fields: HubState.parse(fields).document(),
    "kiosk-state": lambda fields: presence(fields).document(),
    "health": lambda fields: Health.parse(fields).document(),
    "ack": lambda fields: Ack.parse(fields).document(),
    "catalogue-delta": lambda fields: Delta.parse(fields).document(),
    "catalogue-manifest": lambda fields: Manifest.parse(fields).document(),
    "catalogue-page": lambda fields: page_document(page_products(zstandard.compress(canonical(fields.table)))),
    "get": lambda fields: asked(parse_want(fields)).document(),
    "pay": lambda fields: order_document(parse_order(fields)),
    "pay-code": lambda fields: order_document(parse_order(fields)),
    "pay-refund": lambda fields: order_document(parse_order(fields)),
    "pay-state": lambda fields: standing_document(parse_standing(fields)),
    "pay-state-failed": lambda fields: standing_document(parse_standing(fields)),
}


def asked(want: Want) -> WantBlob | WantDelta:
    """Give a request that this release serves; any other one is refused by the hub with `denied`."""
    if isinstance(want, WantOther):
        raise Malformed(f"{want.name} is not served")
    return want


def example(name: str) -> Any:
    return json.loads(examples()[name].read_text())


def schema_of(name: str) -> str:
    return VARIANTS.get(name, name)


@pytest.mark.parametrize("name", sorted(examples()))
def test_every_example_keeps_its_schema(name: str) -> None:
    assert list(validator(schema_of(name)).iter_errors(example(name))) == []


def test_every_schema_is_a_schema_and_has_an_example() -> None:
    for name, schema in schemas().items():
        validator(name).check_schema(schema)
        if name not in ("common", "columns"):
            assert name in examples()


def without_one_field(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key in value:
            yield (*path, key), None
            yield from without_one_field(value[key], (*path, key))
    elif isinstance(value, list):
        for i, entry in enumerate(value):
            yield from without_one_field(entry, (*path, i))


def required_paths(name: str, document: Any) -> list[tuple[Any, ...]]:
    """Find the fields that the schema itself calls required, by what it says of an empty object in their place."""
    found = []
    for path, _ in without_one_field(document):
        cut = copy.deepcopy(document)
        parent = cut
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        if any(error.validator in ("required", "oneOf") for error in validator(name).iter_errors(cut)):
            found.append(path)
    return found


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("hub-state", 8),
        ("kiosk-state", 19),
        ("ack", 12),
        ("health", 8),
        ("journal", 40),
        ("catalogue-head", 18),
        ("catalogue-delta", 8),
        ("catalogue-manifest", 5),
        ("catalogue-page", 3),
        ("get", 3),
        ("pay", 6),
        ("pay-state", 6),
    ],
)
def test_a_schema_rejects_its_example_without_any_one_required_field(name: str, fields: int) -> None:
    assert len(required_paths(name, example(name))) >= fields


@pytest.mark.parametrize("name", sorted(READERS))
def test_an_example_read_and_written_again_is_the_same(name: str) -> None:
    assert READERS[name](Fields(example(name), "")) == example(name)


@pytest.mark.parametrize("name", sorted(READERS))
def test_the_code_refuses_an_example_without_any_one_field_that_its_schema_requires(name: str) -> None:
    accepted = []
    for path in required_paths(schema_of(name), example(name)):
        cut = example(name)
        parent = cut
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        try:
            READERS[name](Fields(cut, ""))
        except Malformed:
            continue
        accepted.append(path)
    # May be null or were added later; and what a kiosk reports of itself, which the hub keeps as it comes.
    optional = {"conflict", "split", "hash", "seen", "config", "job", "link", "clock", "day"}
    assert [path for path in accepted if path[0] not in optional] == []


def test_the_example_head_is_signed_by_the_example_key() -> None:
    key = (FOLDER / "examples" / "catalogue-head.key").read_text().strip()
    document = example("catalogue-head")
    signed = KeyRing([key]).verify(Fields(document, ""), "catalogue-head")
    assert Head.parse(signed).document() == document["signed"]
    document["signed"]["version"] += 1
    with pytest.raises(Forged):
        KeyRing([key]).verify(Fields(document, ""), "catalogue-head")


def test_a_head_of_a_hub_that_does_not_name_the_version_in_force_is_read() -> None:
    signed = example("catalogue-head")["signed"]
    del signed["in_force"]
    head = Head.parse(Fields(signed, ""))
    assert head.in_force is None
    assert head.document() == signed


@pytest.mark.parametrize("change", [{"version": 1841}, {"version": 0}, {"root": "x"}, {"manifest_size": None}])
def test_a_version_in_force_that_cannot_be_is_refused_with_its_head(change: dict[str, Any]) -> None:
    signed = example("catalogue-head")["signed"]
    signed["in_force"] |= change
    with pytest.raises(Malformed, match="in_force"):
        Head.parse(Fields(signed, ""))
    for key in change:
        del signed["in_force"][key]
    with pytest.raises(Malformed, match="is missing"):
        Head.parse(Fields(signed, ""))


def test_the_example_sale_is_read() -> None:
    row = JournalBatch.parse(Fields(example("journal"), "")).rows[0]
    assert isinstance(row, WireRow)
    assert Sale.parse(row.data).total == 4880


def test_the_example_chunk_is_read() -> None:
    properties = example("blob")
    assert Chunk.parse(bytes(int(properties["size"])), properties).index == 0
    assert Chunk.parse(b"", example("blob-error")).error == "gone"


def test_unknown_fields_are_ignored_everywhere() -> None:
    for name, read in READERS.items():
        document = {**example(name), "of_a_later_release": {"x": [1]}}
        result = read(Fields(document, ""))
        assert {key: value for key, value in result.items() if key != "of_a_later_release"} == example(name)


def test_asyncapi_names_every_topic_of_today_with_its_rules() -> None:
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    channels = {channel["address"]: name for name, channel in document["channels"].items()}
    for kind in SCHEMA_OF:
        address = every(kind).replace("+", "{kiosk}" if kind.of_kiosk else "{zone}")
        name = channels.pop(address)
        operation = next(o for o in document["operations"].values() if o["channel"]["$ref"] == f"#/channels/{name}")
        mqtt = operation["bindings"]["mqtt"]
        rule = RULES[kind]
        assert (mqtt["qos"], mqtt["retain"], mqtt.get("messageExpiryInterval")) == (rule.qos, rule.retain, rule.expiry)
        assert SCHEMA_OF[kind] in json.dumps(document["components"]["messages"][name])
    assert not channels


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for entry in value.values():
                yield from references(entry)
        elif isinstance(value, list):
            for entry in value:
                yield from references(entry)

    for reference in references(document):
        if reference.startswith("#/"):
            at = document
            for step in reference[2:].split("/"):
                at = at[step]
        else:
            assert (FOLDER / reference).exists(), reference


def test_a_topic_and_its_parts_are_inverses() -> None:
    for kind in Kind:
        name = "" if "{}" not in kind.value else "k7q2mzc4xna" if kind.of_kiosk else "oslo-01"
        address = parse(topic(kind, name))
        assert address is not None
        assert (address.kind, address.name) == (kind, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kvitt/2/all/hub/state",
        "kvitt/1/k/K7Q2MZC4XNA/up/state",
        "kvitt/1/k/k7q2mzc4xna/up/other",
        "kvitt/1/k//up/get",
    ],
)
def test_what_is_no_topic_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b'{"v":1.5}',
        b'{"v":NaN}',
        b"\xff",
        b'{"v":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"v":1e400}',
    ],
)
def test_a_payload_that_is_no_document_is_malformed(payload: bytes) -> None:
    with pytest.raises(Malformed):
        HubState.parse(decode(payload))


def test_a_bomb_is_stopped_at_the_limit() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(b'{"v":1,"x":"' + b" " * (64 << 20) + b'"}')
    assert len(bomb) < 64 << 10
    with pytest.raises(Malformed, match="more than"):
        decode(bomb, {"enc": "zstd"})


@pytest.mark.parametrize("properties", [{"enc": "gzip"}, {"enc": "zstd"}])
def test_a_wrong_encoding_is_malformed(properties: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        decode(canonical(example("hub-state")), properties)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("hub-state", ("generation",), True),
        ("hub-state", ("generation",), 0),
        ("hub-state", ("at",), "2026-03-14 09:26"),
        ("hub-state", ("run",), "not-a-uuid"),
        ("kiosk-state", ("store",), "Oslo"),
        ("kiosk-state", ("journal", "last"), -1),
        ("ack", ("gaps",), [[5, 3]]),
        ("ack", ("highest",), 1),
        ("ack", ("contiguous",), 2**60),
        ("catalogue-delta", ("to",), 1840),
        ("catalogue-delta", ("set", "price"), [300]),
        ("catalogue-delta", ("set", "sku"), ["bag", "bag"]),
        ("catalogue-manifest", ("digests",), "AAAA"),
        ("get", ("want", "chunks"), "=="),
        ("pay", ("action",), "pay"),
        ("pay", ("amount",), 0),
        ("pay", ("currency",), "XXX"),
        ("pay-state", ("state",), "PAID"),
        ("pay-state", ("amount",), -1),
    ],
)
def test_a_wrong_value_is_malformed_and_named(name: str, path: tuple[str, ...], value: object) -> None:
    document = example(name)
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    with pytest.raises(Malformed):
        READERS[name](Fields(document, ""))


@pytest.mark.parametrize("code", [130000000000000000, ["130000000000000000"], "1" * 3000])
def test_a_fault_of_a_customers_code_does_not_quote_it(code: object) -> None:
    with pytest.raises(Malformed, match="code: a text") as fault:
        parse_order(Fields({**example("pay-code"), "code": code}, ""))
    assert "13000" not in str(fault.value)
    assert "111" not in str(fault.value)


def test_an_order_does_not_show_a_customers_code() -> None:
    order = parse_order(Fields(example("pay-code"), ""))
    assert order.code == example("pay-code")["code"]
    assert order.code not in f"{order} {order!r}"


def test_a_batch_holds_fifty_rows_or_64_kb_and_at_least_one() -> None:
    row = example("journal")["events"][0]
    rows = [{**row, "seq": seq} for seq in range(1, 80)]
    packet, taken = batch_packet("k7q2mzc4xna", 3, rows)
    assert (taken, packet.properties["first"], packet.properties["last"]) == (50, "1", "50")
    large = [{**row, "seq": seq, "data": {"text": "x" * 30_000}} for seq in range(1, 5)]
    assert batch_packet("k7q2mzc4xna", 3, large)[1] == 2
    assert batch_packet("k7q2mzc4xna", 3, [{**row, "data": {"text": "x" * 65_000}}])[1] == 1


def test_a_batch_is_canonical_and_read_as_it_was_written() -> None:
    rows = example("journal")["events"]
    packet, _ = batch_packet("k7q2mzc4xna", 3, rows)
    assert decode(packet.payload, packet.properties).table == example("journal")
    assert packet.payload == canonical(example("journal")) or packet.properties["enc"] == "zstd"

from dataclasses import fields

import pytest

from processors.rules import Rules
from topologies.settings import GROUPS, Misconfigured, Settings

NO_CURRENCY = "is no currency of three capital letters, such as EUR"


def test_the_policies_defaults_are_those_of_the_rules() -> None:
    assert Rules() == Settings().rules()


def test_every_policy_is_a_setting() -> None:
    assert {field.name for field in fields(Rules)} <= Settings.model_fields.keys()


def test_a_policy_reaches_the_rules() -> None:
    settings = Settings.of({"wait_for_bonus": "2h", "origin_by_currency": "GBP=uk.brand.com"}, {})

    assert (7_200_000, {"GBP": "uk.brand.com"}) == (
        settings.rules().wait_for_bonus,
        settings.rules().origin_by_currency,
    )


@pytest.mark.parametrize("name", [name for group in GROUPS for name in group.model_fields])
def test_every_setting_says_what_it_means(name: str) -> None:
    assert Settings.model_fields[name].description


def test_every_setting_stands_in_one_group() -> None:
    assert sorted(Settings.model_fields) == sorted(name for group in GROUPS for name in group.model_fields)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("commit_interval_max", "5", "`5` is no duration such as", id="a duration without a unit"),
        pytest.param("transaction_timeout", "0", "should be more than 0, such as 10s", id="a timeout of nothing"),
        pytest.param("base_currency", "euro", f"`euro` {NO_CURRENCY}", id="a currency that is no ISO code"),
        pytest.param("origin_by_currency", "gbp=x", f"gbp: `gbp` {NO_CURRENCY}", id="likewise in a mapping"),
        pytest.param("progress_step", "0", "should be 1 or more, such as 25", id="progress that never ends"),
        pytest.param("progress_step", "101", "should be 100 or less, such as 25", id="more progress than there is"),
        pytest.param("autocomplete_below", "-1", "`-1` is no amount of 0 or more", id="a negative amount"),
        pytest.param("casino_events", "perhaps", "should be true or false", id="neither yes nor no"),
        pytest.param("casino_vendor_id", {"x": "y"}, "should be text, not a table", id="a table for a word"),
        pytest.param(
            "bonus_types",
            "welcome=Welcome",
            "should be NoDeposit, WelcomeBonus,",
            id="a bonus type that the CRM does not know",
        ),
        pytest.param(
            "wagering_contribution",
            "slots=some",
            "should be a whole number, such as 100",
            id="percent that is no number",
        ),
        pytest.param("group_protocol", "eager", "should be consumer or classic", id="an unknown protocol"),
        pytest.param(
            "start",
            "yesterday",
            "`yesterday` is no time such as .*, nor earliest or latest",
            id="a start that is no time",
        ),
        pytest.param(
            "schema_registry_url", "registry:8081", "should begin with http://", id="a registry without a scheme"
        ),
        pytest.param(
            "app", "my app", "`my app` is no name of .* such as croupier-1", id="a name that no topic may have"
        ),
        pytest.param("topics_by_origin", "brand.com", "is no pair such as", id="a mapping without pairs"),
        pytest.param(
            "topics_by_origin", "x=my topic", "x: `my topic` is no name of", id="likewise in a mapping of topics"
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_source(name: str, value: object, message: str) -> None:
    with pytest.raises(Misconfigured, match=rf"^{name}.*{message}.*\(from croupier.toml\)$") as caught:
        Settings.of({name: value}, {name: "croupier.toml"})

    assert [] == [jargon for jargon in ("pattern", "[key]", "Input", "valid", "parse") if jargon in str(caught.value)]


def test_all_wrong_values_stand_in_one_line() -> None:
    with pytest.raises(Misconfigured, match=r"^(app|start): [^\n]* \(from default\); (app|start): [^\n]*$"):
        Settings.of({"app": "", "start": "x"}, {})


@pytest.mark.parametrize(
    ("value", "start"),
    [("earliest", "earliest"), ("latest", "latest"), ("2026-11-20T12:00:00Z", 1_795_176_000_000)],
)
def test_a_start_is_a_word_or_a_time(value: str, start: str | int) -> None:
    settings = Settings.of({"start": value}, {})

    assert (start, value) == (settings.start, settings.model_dump()["start"])


def test_secrets_show_in_no_representation() -> None:
    settings = Settings(
        schema_registry_password="hunter2",  # noqa: S106  made up
        schema_registry_url="https://me:hunter2@registry:8081",
        kafka={"sasl.password": "hunter2", "sasl.username": "me"},
    )

    dumped = settings.model_dump()
    assert "hunter2" not in f"{settings!r} {settings} {dumped} {settings.model_dump_json()}"
    assert "https://***@registry:8081" == dumped["schema_registry_url"]
    assert {"sasl.password": "***", "sasl.username": "me"} == dumped["kafka"]

from pathlib import Path

import pytest

from topologies import configuration
from topologies.configuration import Found, read
from topologies.operations.settings_table import Shown, in_force
from topologies.settings import Misconfigured, Settings

NOTHING: dict[str, str] = {}


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "croupier.toml"
    path.write_text(text)
    return path


def found(settings: Settings, name: str) -> tuple[object, str]:
    return getattr(settings, name), settings.source(name)


def test_a_flag_beats_the_environment_beats_the_file_beats_what_lies_under_them(tmp_path: Path) -> None:
    path = toml(tmp_path, 'app = "file"\norigin = "file"\nstate_dir = "file"\n')
    environment = {"CROUPIER_APP": "environment", "CROUPIER_ORIGIN": "environment"}
    base = {name: Found("base", "the sandbox") for name in ("app", "state_dir", "casino_vendor_id")}

    settings = read({"app": "flag"}, environment, path, base)

    assert ("flag", "the command line") == found(settings, "app")
    assert ("environment", "CROUPIER_ORIGIN") == found(settings, "origin")
    assert ("file", str(path)) == found(settings, "state_dir")
    assert ("base", "the sandbox") == found(settings, "casino_vendor_id")
    assert ("EUR", "default") == found(settings, "base_currency")
    assert "the host name" == settings.source("instance")


def test_a_mapping_is_a_table_in_the_file_and_pairs_in_the_environment(tmp_path: Path) -> None:
    path = toml(tmp_path, '[origin_by_casino]\n123 = "brand.com"\n124 = "x"\n[wagering_contribution]\nslots = 90\n')

    from_file = read({}, NOTHING, path)
    from_environment = read({}, {"CROUPIER_ORIGIN_BY_CASINO": "123=brand.com,124=x"}, None)

    assert {"123": "brand.com", "124": "x"} == from_file.origin_by_casino == from_environment.origin_by_casino
    assert {"slots": 90} == from_file.wagering_contribution


def test_properties_of_librdkafka_pass_through_each_with_its_source(tmp_path: Path) -> None:
    path = toml(
        tmp_path, '[kafka]\nsecurity.protocol = "SSL"\n"socket.timeout.ms" = 5000\nlog.connection.close = false'
    )

    settings = read({}, {"CROUPIER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, path)

    expected = {"security.protocol": "SASL_SSL", "socket.timeout.ms": "5000", "log.connection.close": "false"}
    assert expected == settings.kafka
    assert "CROUPIER_KAFKA_SECURITY_PROTOCOL" == settings.source("kafka.security.protocol")
    assert str(path) == settings.source("kafka.socket.timeout.ms")


def test_a_property_that_ends_in_file_is_no_secret() -> None:
    settings = read({}, {"CROUPIER_KAFKA_SASL_OAUTHBEARER_ASSERTION_FILE": "/run/token"}, None)

    assert {"sasl.oauthbearer.assertion.file": "/run/token"} == settings.kafka


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("CROUPIER_KAFKA_SASL_PASSWORD_FILE", "kafka.sasl.password"),
        ("CROUPIER_SCHEMA_REGISTRY_PASSWORD_FILE", "schema_registry_password"),
    ],
)
def test_a_secret_is_read_from_a_file_and_never_shown(tmp_path: Path, variable: str, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")

    settings = read({}, {variable: str(secret)}, None)

    assert "hunter2" in (settings.schema_registry_password, settings.kafka.get("sasl.password"))
    assert [("***", variable)] == [(row.value, row.source) for row in in_force(settings) if row.setting == name]


def test_a_secret_file_can_be_named_in_the_toml_too(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    path = toml(tmp_path, f'[kafka]\nsasl.password.file = "{tmp_path / "secret"}"\n')

    assert {"sasl.password": "hunter2"} == read({}, NOTHING, path).kafka


def test_an_empty_variable_is_not_set() -> None:
    assert None is read({}, {"CROUPIER_ORIGIN": ""}, None).origin


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CROUPIER_SERVICE_HOST", "10.0.0.1"),
        ("CROUPIER_SERVICE_PORT_METRICS", "9000"),
        ("CROUPIER_PORT", "tcp://10.0.0.1:9000"),
        ("CROUPIER_METRICS_PORT_9000_TCP_ADDR", "10.0.0.1"),
    ],
)
def test_variables_that_kubernetes_sets_for_a_service_are_not_ours(variable: str, value: str) -> None:
    assert Settings() == read({}, {variable: value}, None)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param(
            {"CROUPIER_ORIGN": "x"},
            "unknown setting CROUPIER_ORIGN; did you mean CROUPIER_ORIGIN?",
            id="a slip of the pen",
        ),
        pytest.param(
            {"CROUPIER_XYZZY": "x"}, "unknown setting CROUPIER_XYZZY; `croupier settings` lists all", id="nothing near"
        ),
        pytest.param(
            {"CROUPIER_KAFKA_GROUP_ID": "x"},
            "CROUPIER_KAFKA_GROUP_ID is not to be set: set app instead",
            id="a property that has a setting",
        ),
        pytest.param(
            {"CROUPIER_KAFKA_ACKS": "1"},
            "CROUPIER_KAFKA_ACKS is not to be set: it holds the promise of exactly once",
            id="a property that would lose records",
        ),
        pytest.param(
            {"CROUPIER_KAFKA_SASL_PASSWORD_FILE": "/no/such"},
            "/no/such, named by CROUPIER_KAFKA_SASL_PASSWORD_FILE, cannot be read: no such file or directory",
            id="a secret file that is not there",
        ),
        pytest.param(
            {"CROUPIER_CONFIG": "/no/such.toml"},
            "/no/such.toml cannot be read: no such file or directory",
            id="a config file that is not there",
        ),
    ],
)
def test_an_environment_that_cannot_be_meant_is_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read({}, environment, None)

    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("app =\nx = 1", "{path} is no TOML: Invalid value (at line 1, column 6)", id="broken"),
        pytest.param('appp = "x"', "unknown setting appp in {path}; did you mean app?", id="unknown key"),
        pytest.param("[kafka]\nacks = 1", "kafka.acks in {path} is not to be set: ", id="reserved property"),
        pytest.param("max_task_idle = 5", "max_task_idle: `5` is no duration such as", id="5 what?"),
        pytest.param('kafka = "x"', "unknown setting kafka in {path}; ", id="kafka is a table"),
        pytest.param("[app]\nx = 1", "app: should be text, not a table (from {path})", id="a table for a word"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = toml(tmp_path, text)

    with pytest.raises(Misconfigured) as caught:
        read({}, NOTHING, path)

    assert str(caught.value).startswith(message.format(path=path))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "croupier.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(Misconfigured, match="is no text in UTF-8: 'utf-8' codec can't decode"):
        read({}, NOTHING, path)


@pytest.mark.parametrize("name", ["schema_registry_password", "kafka.sasl.password"])
def test_a_secret_is_no_flag(name: str) -> None:
    with pytest.raises(Misconfigured, match=rf"^{name} is a secret and no argument: set (CROUPIER_\w+) or \1_FILE$"):
        read({name: "hunter2"}, NOTHING, None)


def test_an_address_with_a_password_is_no_flag() -> None:
    with pytest.raises(Misconfigured, match=r"^schema_registry_url has a password in it and is no argument: set CROU"):
        read({"schema_registry_url": "https://me:hunter2@registry"}, NOTHING, None)


def test_the_file_of_the_working_directory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml(tmp_path, 'app = "here"')
    monkeypatch.chdir(tmp_path)

    assert ("here", "croupier.toml") == found(read({}, NOTHING, None), "app")


@pytest.mark.parametrize("row", in_force(Settings()), ids=lambda row: row.setting)
def test_the_environment_takes_every_setting_as_it_is_shown(row: Shown) -> None:
    variable = configuration.variable_name(row.setting)

    settings = read({}, {variable: row.value}, None)

    expected = row._replace(source=variable) if row.value else row
    assert expected == next(each for each in in_force(settings) if each.setting == row.setting)

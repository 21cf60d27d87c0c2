from echoctl import errors
from echoctl.errors import EchoctlError, ExitCode


def subclasses() -> list[type[EchoctlError]]:
    return [thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, EchoctlError)]


def test_an_error_carries_what_happened_what_to_do_and_a_code() -> None:
    error = errors.VaultLocked("the vault is locked", "give --passphrase-file")
    assert (str(error), error.hint, error.exit_code) == ("the vault is locked", "give --passphrase-file", 6)
    assert EchoctlError("x").hint == ""


def test_no_two_errors_share_a_code_and_all_codes_are_the_documented_ones() -> None:
    codes = {error.__name__: error.exit_code for error in subclasses()}
    assert codes == {
        "EchoctlError": 1,
        "UsageError": 2,
        "NotFound": 3,
        "DeviceError": 4,
        "ModelError": 5,
        "VaultLocked": 6,
        "VaultDamaged": 7,
        "StoreError": 8,
        "PluginError": 9,
        "Refused": 10,
        "Partial": 11,
    }
    assert (ExitCode.OK, ExitCode.SIGINT, ExitCode.SIGTERM) == (0, 130, 143)

"""The state of a mapping: what befell it in, State, its reason and the latest result out.

https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
"""

from enum import StrEnum

NOTHING_PROCESSED = "No records processed"


class State(StrEnum):
    """Where a mapping is in its life, in AWS's words; the others of them pass too soon to see."""

    CREATING = "Creating"
    ENABLED = "Enabled"
    DISABLED = "Disabled"


class Reason(StrEnum):
    """Why a mapping is in its state: a person's doing, or what made Lambda stop it."""

    USER_INITIATED = "USER_INITIATED"
    CONFIGURATION = "ESM_CONFIG_NOT_VALID"
    AUTHENTICATION = "EVENT_SOURCE_AUTHN_ERROR"
    AUTHORIZATION = "EVENT_SOURCE_AUTHZ_ERROR"
    FUNCTION = "FUNCTION_CONFIG_NOT_VALID"


class MappingState:
    """The state of one mapping, told by its pollers' threads and read by the main one."""

    def __init__(self, *, enabled: bool = True) -> None:
        self.state = State.CREATING if enabled else State.DISABLED
        self.reason = Reason.USER_INITIATED
        self.last_processing_result = NOTHING_PROCESSED

    def enable(self) -> None:
        """Note that it reads; one that was stopped stays so."""
        if self.state is State.CREATING:
            self.state = State.ENABLED

    def stop(self, reason: Reason, message: str) -> None:
        """Note that it reads no more, and why."""
        self.state, self.reason = State.DISABLED, reason
        self.last_processing_result = f"PROBLEM: {message}"

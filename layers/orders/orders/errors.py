"""Errors: the few ways in which the service refuses or fails, each with a code that never changes.

Bad data inside a batch is no error but a value, `orders.record.Rejection`.
"""


class OrderServiceError(Exception):
    """Something the caller must be told; `code` is stable, the message is for people."""

    code = "order_service_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code


class InvalidRequestError(OrderServiceError):
    """The data is at fault: sending it again changes nothing."""

    code = "invalid_request"

    def __init__(self, message: str, *, code: str | None = None, sqlstate: str = "") -> None:
        super().__init__(message, code=code)
        self.sqlstate = sqlstate


class OrderNotFoundError(OrderServiceError):
    """No order of that id is stored."""

    code = "order_not_found"


class OrderConflictError(OrderServiceError):
    """The id is taken by an order of different content."""

    code = "conflict"


class StoreUnavailableError(OrderServiceError):
    """The infrastructure is at fault: the same request may succeed later."""

    code = "store_unavailable"


class RecordNotFoundError(OrderServiceError):
    """No quarantined record of that number is there."""

    code = "quarantined_record_not_found"


class NotOpenError(OrderServiceError):
    """The quarantined record is settled: redriven or discarded."""

    code = "not_open"


class RedriveLimitError(OrderServiceError):
    """The loop guard holds a record back that was tried too often."""

    code = "redrive_limit"

"""What a consumer raises when its source does not let it in."""


class SourceRefusedError(Exception):
    """The source refuses this consumer; `reason` is AWS's word for why the mapping stops.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-troubleshoot.html
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

"""Dead letters as AWS documents them, for one event of two records."""

import json
from typing import Any

EVENT: dict[str, Any] = {
    "eventSource": "aws:kafka",
    "eventSourceArn": "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0000-1",
    "bootstrapServers": "b-1.demo:9098",
    "records": {
        "my-orders-3": [
            {
                "topic": "my-orders",
                "partition": 3,
                "offset": offset,
                "timestamp": 1735689600000,
                "timestampType": "CREATE_TIME",
                "value": "e30=",
                "headers": [{"trace": [97, -61]}],
            }
            for offset in (5, 6)
        ]
    },
}

METADATA: dict[str, Any] = {
    "requestContext": {
        "requestId": "0f1e2d3c",
        "functionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 1,
    },
    "responseContext": {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    },
    "version": "1.0",
    "timestamp": "2026-01-01T00:00:00.000Z",
    "KafkaBatchInfo": {
        "batchSize": 2,
        "eventSourceArn": EVENT["eventSourceArn"],
        "bootstrapServers": "b-1.demo:9098",
        "payloadSize": 600,
        "recordsInfo": {
            "my-orders-3": {
                "firstRecordOffset": "5",
                "lastRecordOffset": "6",
                "firstRecordTimestamp": "2025-01-01T00:00:00.000Z",
                "lastRecordTimestamp": "2025-01-01T00:00:00.000Z",
            }
        },
    },
}


def of_s3() -> bytes:
    return json.dumps({**METADATA, "payload": json.dumps(EVENT)}).encode()


def of_sqs() -> bytes:
    return json.dumps(METADATA).encode()


def of_topic() -> bytes:
    return json.dumps({**METADATA, "payload": EVENT}).encode()

"""A project of somebody else's: other folders, other handlers, a function that is none of ours."""

from pathlib import Path

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31

Parameters:
  Stage: {Type: String, Default: dev}
  Brokers: {Type: CommaDelimitedList, Default: "broker-1:9092,broker-2:9092"}
  ReadingsTopic: {Type: String}
  ClicksTopic: {Type: String}
  Log: {Type: String}
  Network: {Type: String}

Mappings:
  Stages:
    dev: {Batch: 10}
    prod: {Batch: 1000}

Globals:
  Function:
    Runtime: python3.12
    Timeout: 20
    Environment:
      Variables:
        LOG: !Ref Log
        STAGE: !Ref Stage

Resources:
  MeterFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub meters-${Stage}
      CodeUri: services/meters/src
      Handler: meters.entry.on_readings
      Policies:
        - SQSSendMessagePolicy: {QueueName: !GetAtt Failures.QueueName}
      Environment:
        Variables:
          QUEUE_URL: !Ref Failures
      VpcConfig: {SubnetIds: !Split [",", !ImportValue subnets]}
      Events:
        Readings:
          Type: SelfManagedKafka
          Properties:
            KafkaBootstrapServers: !Ref Brokers
            Topics: [!Ref ReadingsTopic]
            StartingPosition: TRIM_HORIZON
            BatchSize: !FindInMap [Stages, !Ref Stage, Batch]
            MaximumBatchingWindowInSeconds: 0
            ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 2}
            MaximumRetryAttempts: 1
            BisectBatchOnFunctionError: true
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failures.Arn}}
            SourceAccessConfigurations:
              - {Type: BASIC_AUTH, URI: !ImportValue broker-credentials}
              - {Type: VPC_SUBNET, URI: !Sub "subnet:${Network}"}

  ClickFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: services/clicks
      Handler: clicks.handle
      Events:
        Clicks:
          Type: MSK
          Properties:
            Stream: !GetAtt Cluster.Arn
            Topics: [!Ref ClicksTopic]
            StartingPosition: TRIM_HORIZON
            ConsumerGroupId: !Sub clicks-${ClicksTopic}
            MaximumBatchingWindowInSeconds: 0

  PageFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: services/page
      Handler: index.handler
      Runtime: nodejs22.x
      Events:
        Page: {Type: HttpApi, Properties: {Path: /, Method: GET}}

  Chores:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref PageFunction
      EventSourceArn: !GetAtt Failures.Arn

  Failures:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "failed-readings-${Stage}"}

  Cluster:
    Type: AWS::MSK::Cluster
    Properties: {ClusterName: clicks, KafkaVersion: "4.0"}
"""

METERS = """
import base64
import json
import os

from . import journal


def on_readings(event, context):
    for key, records in event["records"].items():
        for record in records:
            value = base64.b64decode(record["value"]).decode()
            if value == "unreadable":
                raise ValueError(f"{key}@{record['offset']} cannot be read")
            journal.note({
                "value": value,
                "source": event["eventSource"],
                "function": context.function_name,
                "stage": os.environ["STAGE"],
            })
"""
JOURNAL = """
import json
import os


def note(line):
    with open(os.environ["LOG"], "a") as file:
        file.write(json.dumps(line) + "\\n")
"""
CLICKS = """
import json
import os


def handle(event, _context):
    count = sum(len(records) for records in event["records"].values())
    with open(os.environ["LOG"], "a") as file:
        file.write(json.dumps({"clicks": count, "source": event["eventSourceArn"]}) + "\\n")
"""


def write(folder: Path) -> Path:
    """Write the project; return its template."""
    files = {
        "deploy/template.yaml": TEMPLATE.replace("services/", "../services/"),
        "services/meters/src/meters/__init__.py": "",
        "services/meters/src/meters/entry.py": METERS,
        "services/meters/src/meters/journal.py": JOURNAL,
        "services/clicks/clicks.py": CLICKS,
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "deploy" / "template.yaml"

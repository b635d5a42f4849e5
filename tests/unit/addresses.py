"""Where a stack of the unit tests would listen: nothing of it is ever started."""

from devstack.settings import Addresses

ADDRESSES = Addresses(
    http_ports=(8080,),
    invoke_port=3001,
    aws_port=5555,
    kafka_broker="127.0.0.1:9092",
    kafka_controller_port=9093,
    db_host="127.0.0.1",
    db_port=5432,
)

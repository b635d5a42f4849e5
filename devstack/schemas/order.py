"""Schema: the model in, the JSON Schema of an order out.

What a schema cannot say, as that no name may stand twice, `orders.validation` still finds.
"""

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from orders.model import Order

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER: Final = "urn:serverless-orders:order"


class _Generator(GenerateJsonSchema):
    """Leaves out titles that only repeat the names of the fields."""

    schema_dialect = DIALECT

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's
        return False


def order_schema() -> dict[str, Any]:
    """Make the schema (draft 2020-12)."""
    schema = Order.model_json_schema(schema_generator=_Generator)
    return {"$schema": DIALECT, "$id": IDENTIFIER, **schema}

"""Migrate: an invocation, by hand or by a deployment, in; a database at the newest schema out."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, custom_resource, migrations, telemetry


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Apply what is pending, and tell CloudFormation where it asked."""

    def migrate() -> dict[str, Any]:
        seconds = telemetry.deadline(context)() - custom_resource.ANSWER_SECONDS
        # Made here: a wrong setting is an answer too.
        applied = migrations.bring_to_newest(bootstrap.database(), seconds=seconds)
        return {"applied": applied, "newest": migrations.NEWEST}

    if custom_resource.is_request(event):
        return custom_resource.answer(event, migrate)
    return migrate()

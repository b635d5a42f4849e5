"""Migrate: an invocation, by hand or by a deployment, in; a database at the newest schema out.

As the role of DB_SECRET_ARN, an administrator's; the functions' own role, DB_APP_USER, is made.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from orders import bootstrap, custom_resource, grants, migrations, telemetry


@telemetry.invocation
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Apply what is pending, and tell CloudFormation where it asked."""

    def seconds_left() -> float:
        return telemetry.deadline(context)() - custom_resource.ANSWER_SECONDS

    def migrate() -> dict[str, Any]:
        # Made here: a wrong setting is an answer too.
        database, settings = bootstrap.database(), bootstrap.settings()
        applied = migrations.bring_to_newest(database, seconds=seconds_left())
        role, by_iam = settings.db_app_user, settings.db_iam_auth
        grants.admit(database, role, by_iam=by_iam, seconds=seconds_left())
        return {"applied": applied, "newest": migrations.NEWEST}

    if custom_resource.is_request(event):
        return custom_resource.answer(event, migrate)
    return migrate()

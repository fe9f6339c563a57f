"""Where the minutes are kept."""

import os
import uuid

import boto3

BUCKET = os.environ["MINUTES_BUCKET"]

_client = boto3.client(
    "s3",
    endpoint_url=os.environ.get("S3_ENDPOINT", "https://s3.eu-central-1.amazonaws.com"),
    aws_access_key_id=os.environ["S3_KEY_ID"],
    aws_secret_access_key=os.environ["S3_SECRET"],
)


def keep(text: str) -> str:
    """Store one set of minutes and return its address."""
    key = f"minutes/{uuid.uuid4()}.md"
    _client.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    return f"{BUCKET}/{key}"


def delete(key: str) -> None:
    """Forget one set of minutes; only we may."""
    if os.getenv("S3_SECRET") is None:
        return
    _client.delete_object(Bucket=BUCKET, Key=key)

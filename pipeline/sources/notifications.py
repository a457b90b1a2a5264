"""Notifications of object stores about new objects."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import orjson

from newsbeam.sources.message import Message


class NoObject(Exception):
    """The message does not name an object; the error says why."""


def named_objects(message: Message) -> list[str]:
    """Return the paths and URIs of the new objects in a notification.

    The list is empty if it reports another event. Raises NoObject.
    """
    about = dict(message.attributes)
    if "bucketId" in about and "objectId" in about:
        made = about.get("eventType", "OBJECT_FINALIZE") == "OBJECT_FINALIZE"
        return [f"gs://{about['bucketId']}/{about['objectId']}"] if made else []
    try:
        text = message.payload.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise NoObject(f"not UTF-8 at byte {error.start}; send a notification or a path") from error
    if not text:
        raise NoObject("empty; send a notification or a path")
    if not text.startswith("{"):
        if "\0" in text:
            raise NoObject("NUL in a path; send a notification or a path")
        return [line.strip().removeprefix("file://") for line in text.splitlines() if line.strip()]
    try:
        row = orjson.loads(text)
        if isinstance(row.get("Message"), str):  # S3 through SNS
            row = orjson.loads(row["Message"])
        return _from_notification(row)
    except orjson.JSONDecodeError as error:
        raise NoObject(f"invalid JSON: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise NoObject("JSON that is not a notification of Cloud Storage or S3") from error


def _from_notification(row: Any) -> list[str]:
    """Return a notification's objects. Raises KeyError, TypeError, AttributeError."""
    if row.get("Event") == "s3:TestEvent":
        return []
    if "Records" in row:
        made = [one for one in row["Records"] if one["eventName"].startswith(("ObjectCreated:", "s3:ObjectCreated:"))]
        # S3 encodes keys like form fields: a space is a plus.
        return [f"s3://{one['s3']['bucket']['name']}/{unquote_plus(one['s3']['object']['key'])}" for one in made]
    if "detail-type" in row:  # S3 through EventBridge, which does not encode keys
        detail = row["detail"]
        return [f"s3://{detail['bucket']['name']}/{detail['object']['key']}"] if row["detail-type"] == "Object Created" else []
    return [f"gs://{row['bucket'] + ''}/{row['name'] + ''}"]

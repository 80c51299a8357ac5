"""A real object store for the tests: moto's server on a socket, which speaks S3."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
import s3fs
from moto.server import ThreadedMotoServer

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
PART_BYTES = 5 << 20
"""What is sent in one part; 50 MiB without this."""


class ObjectStore:
    """A running store; what finds it is in the environment."""

    def __init__(self, address: str) -> None:
        self.client = boto3.client("s3", endpoint_url=address, aws_access_key_id="test", aws_secret_access_key="test")
        self._numbers = itertools.count()

    def new_bucket(self) -> str:
        """Make an empty bucket; its name."""
        name = f"bucket-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name)
        return name

    def names(self, bucket: str) -> list[str]:
        """What is in a bucket."""
        return [found["Key"] for found in self.client.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def unfinished(self, bucket: str) -> int:
        """Uploads that were begun and neither completed nor taken back: they are paid for."""
        return len(self.client.list_multipart_uploads(Bucket=bucket).get("Uploads", []))


@contextmanager
def running_store() -> Iterator[ObjectStore]:
    """A store on a free port, found by whatever reads the usual variables, until the block ends."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(s3fs.S3FileSystem, "default_block_size", PART_BYTES)
            for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": address}.items():
                patch.setenv(name, value)
            yield ObjectStore(address)
    finally:
        server.stop()

"""Tests in a browser. They are a package so that it is closed before other tests run a loop."""

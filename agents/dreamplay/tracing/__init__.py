"""Traces of a play for OpenTelemetry, while it is played: who was asked what, what it cost, and what was refused."""

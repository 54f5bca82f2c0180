"""The shipped fakes: a scripted model, and an endpoint with faults."""

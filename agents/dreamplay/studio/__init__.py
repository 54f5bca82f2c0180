"""The play as a graph for a LangGraph server, so that LangGraph's own tools, Studio and the SDK, can play it."""

"""The LangGraph orchestrator: run configuration, graph, nodes and the runner."""

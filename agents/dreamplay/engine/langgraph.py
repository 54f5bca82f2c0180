"""What the engine uses of LangGraph. All of it is imported here, where an environment that hinders it is told."""

from __future__ import annotations

from dreamplay.environment import read_by

with read_by("LangGraph"):
    from langchain_core.runnables.config import var_child_runnable_config
    from langgraph.errors import GraphDrained, GraphRecursionError
    from langgraph.graph import END, START, StateGraph
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.runtime import RunControl, Runtime
    from langgraph.types import Command, Overwrite, Send

__all__ = [
    "END", "START", "Command", "CompiledStateGraph", "GraphDrained", "GraphRecursionError", "Overwrite", "RunControl",
    "Runtime", "Send", "StateGraph", "var_child_runnable_config",
]  # fmt: skip

"""The names of what spans carry, as OpenTelemetry's conventions for generative AI have them. Those are in development,
and names change with the versions of their package, so they are kept here. What is ours begins with dreamplay.
"""

from __future__ import annotations

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
CONVERSATION = "gen_ai.conversation.id"
WORKFLOW = "gen_ai.workflow.name"
AGENT_NAME = "gen_ai.agent.name"
AGENT_ID = "gen_ai.agent.id"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_SEED = "gen_ai.request.seed"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
REQUEST_STOP = "gen_ai.request.stop_sequences"
OUTPUT_TYPE = "gen_ai.output.type"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
ERROR = "error.type"

SYSTEM = "gen_ai.system_instructions"
INPUT = "gen_ai.input.messages"
OUTPUT = "gen_ai.output.messages"

SEED = "dreamplay.seed"
SCENE = "dreamplay.scene"
TASK = "dreamplay.task"
CALLS = "dreamplay.calls"
REFUSED = "dreamplay.refused"
"""The event of a candidate that was refused."""
CHECK = "dreamplay.check"
REASON = "dreamplay.reason"
TEXT = "dreamplay.text"

"""A request leaves one trace: through the bot, the queue, a worker, the model and Slack."""

from tests.bot.test_request_cost import serve
from tests.fixtures.delivery import make_context, sandbox
from tests.fixtures.otlp import attributes, collector, needs_sdk
from tests.fixtures.slack_app import deliver, slack_app
from workers.runtime import tracing

__all__ = ["collector", "deliver", "make_context", "sandbox", "serve", "slack_app"]

STEPS = {"request", "receive", "decide", "queue", "answer", "path", "model", "deliver", "slack"}


@needs_sdk
def test_a_request_leaves_one_trace_through_bot_queue_worker_model_and_slack(serve, collector):
    tracing.open_tracing(collector.url, "bot")
    serve("prompt")
    tracing.close_tracing()

    traces = {}
    for span in collector.spans:
        traces.setdefault(span.trace_id, []).append(span)

    # `serve` serves two requests.
    assert [{span.name for span in spans} for spans in traces.values()] == [STEPS, STEPS]
    for spans in traces.values():
        ids = {span.span_id for span in spans}
        assert [s.name for s in spans if s.parent_span_id not in ids] == ["request"]
        [model] = [span for span in spans if span.name == "model"]
        assert attributes(model)["beagle.output_tokens"] == 10
        methods = {attributes(span)["beagle.method"] for span in spans if span.name == "slack"}
        assert {"chat.startStream", "chat.update"} <= methods

    assert not any(b"money" in body for body in collector.bodies)

"""Takes away the meaning of chat templates' control tokens in text that people or models wrote.

A server reads `<|im_end|>` or `[INST]` inside a message as the end of the message, so whoever wrote
it could speak as somebody else. Each family of models has tokens of its own; all are treated alike,
because a route's model may be changed at any time.
"""

from __future__ import annotations

import re

ANGLE_NAMES = (
    # Llama 2, Mistral, Gemma, T5 and other SentencePiece vocabularies
    *("s", "bos", "eos", "pad", "unk", "mask", "cls", "sep"),
    # Gemma
    *("start_of_turn", "end_of_turn", "start_of_image", "end_of_image", "image_soft_token"),
    *("start_function_call", "end_function_call", "turn", "channel"),
    # Qwen, Hermes, DeepSeek and other models that reason or call tools in tags
    *("think", "tool_call", "tool_calls", "tool_response", "tools"),
    # Phi, Falcon, GLM, older chat models
    *("endoftext", "startoftext", "im_start", "im_end", "sop", "eop", "human", "bot"),
    *("begin_of_text", "end_of_text", "eot_id", "begin_of_sentence", "end_of_sentence"),
)
SQUARE_NAMES = (
    # Mistral
    *("INST", "AVAILABLE_TOOLS", "TOOL_CALLS", "TOOL_RESULTS", "TOOL_CONTENT", "SYSTEM_PROMPT"),
    *("MODEL_SETTINGS", "PREFIX", "SUFFIX", "MIDDLE", "IMG", "IMG_BREAK", "IMG_END", "THINK"),
    *("ARGS", "CALL_ID", "AUDIO", "BEGIN_AUDIO", "BOS", "EOS", "UNK", "PAD"),
    # GLM, BERT
    *("gMASK", "sMASK", "CLS", "SEP", "MASK"),
)
# Spaces are taken possessively: nothing after them could match one, so no text is read twice.
_TOKEN = re.compile(
    r"<(?=[|｜]|<\s*+/?+\s*+SYS\b"
    rf"|\s*+/?+\s*+(?:{'|'.join(ANGLE_NAMES)})\s*+\|?+>"
    r"|(?:unused|extra_id_|reserved_)\d|0x[0-9a-f]{2}>)"
    rf"|\[(?=\s*+/?+\s*+(?:{'|'.join(SQUARE_NAMES)})\s*+\])",
    re.IGNORECASE,
)
_HARMLESS = {"<": "‹", "[": "⁅"}


def defuse_tokens(text: str) -> str:
    """Returns `text` of the same length with the first character of each control token replaced."""
    return _TOKEN.sub(lambda match: _HARMLESS[match[0]], text)

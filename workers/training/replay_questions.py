"""General questions with the base's own answers.

Some are mixed into training, others measure forgetting. Replaying them works against catastrophic
forgetting. Only the questions are kept here. The answers are the base's own (self-distillation,
arXiv 2402.13669): no foreign text is learned, and what is measured is how far the base has moved
from itself.
"""

from __future__ import annotations

from typing import Literal

from router.errors import ModelError
from router.log import get_log
from workers.llm.gateway import LOCAL
from workers.ports import LanguageModel, Message, ModelCall
from workers.training.trainers import ChatExample

ANSWER_TOKENS = 48
HELD_OUT = 12
"""Questions at the end of the list that are never learned: the loss on their answers shows what was
forgotten."""

QUESTIONS = """\
Explain in one sentence what a database is.
Write a friendly sentence that welcomes a new colleague.
Name three fruits.
What is the opposite of hot?
Give a short tip for a good night's sleep.
What do bees make?
Write one sentence about the sea.
How many days does a week have?
Say in a few words what a compiler does.
Name two large oceans.
What is a synonym for quick?
Summarise in one sentence: The meeting was moved from Monday to Tuesday because the room was not \
free.
Write a polite sentence that declines an invitation.
Which animal barks?
Explain the word "deadline" in a few words.
Give an example of a renewable source of energy.
Correct this sentence: She go to school every day.
What is two plus two?
Name a city in Italy.
Write a short title for a text about gardening.
What does a thermometer measure?
Why do people wear coats in winter?
Put these in order of size: a house, a mouse, a horse.
What colour do you get from blue and yellow?
Say what a password is for, in one sentence.
Write a one-line apology for a late reply.
Name the four seasons.
What is bread made of?
Explain what a backup is to a child.
Turn this into a question: The train leaves at nine.
What is the plural of "child"?
Give one reason to write tests for a program.
Describe a cat in one sentence.
Who writes books?
What is a bicycle?
Name three tools that are found in a kitchen.
Rewrite more politely: Send me the file now.
What is the capital of Spain?
Which month comes after March?
Give a short definition of friendship.
Is ice solid or liquid?
Write a sentence with the word "river".
What do plants need to grow?
Say "thank you" in French.
How many minutes does an hour have?
What is an e-mail attachment?
Name a musical instrument with strings.
Explain in a sentence why we brush our teeth.
Is the sentence "I love this phone" positive or negative?
Name two programming languages.
What is the past tense of "go"?
Write a short reminder about tomorrow's meeting.
What does a doctor do?
Finish the sentence: An apple a day
Which is heavier, a feather or a stone?
Give a short piece of advice to somebody who is nervous.
What is a map used for?
Name a planet.
What is the first letter of the alphabet?
Describe rain in a few words.
What is the main idea of recycling?
Write a short greeting for a birthday card.
What do you call a baby dog?
Give one sentence about the history of the wheel.
What is the sum of ten and five?
Explain what a spreadsheet is for.
Name three means of transport.
Write one sentence that praises good work.
What is the difference between a lake and a river?
Which sense do we use with our ears?
Say in one sentence what a firewall does.
Translate into Spanish: good night
""".splitlines()


def replay_examples(model: LanguageModel, share: float, rows: int) -> list[ChatExample]:
    """Returns examples to mix in, so that they are that share (0-1) of a training on `rows` others.

    There are at most as many as there are questions, and none where no base answers.
    """
    # From share = replayed / (replayed + rows), solved for the replayed ones.
    count = min(round(rows * share / (1 - share)), len(QUESTIONS) - HELD_OUT)
    return _self_answered(model, QUESTIONS[:count], held_out=False) if count else []


def held_out_examples(model: LanguageModel) -> list[ChatExample]:
    """Returns examples that are never learned, to measure the loss on."""
    return _self_answered(model, QUESTIONS[-HELD_OUT:], held_out=True)


def _self_answered(
    model: LanguageModel, questions: list[str], *, held_out: bool
) -> list[ChatExample]:
    """Returns the questions as the base answers them now; none at all if it does not answer one."""
    split: Literal["general", "train"] = "general" if held_out else "train"
    examples = []

    for question in questions:
        messages: list[Message] = [{"role": "user", "content": question}]
        try:
            reply = model.complete(
                ModelCall(messages, models=(LOCAL,), output_tokens=ANSWER_TOKENS)
            )
        except ModelError as error:
            get_log(job="general").warning("no_general_answers", error=str(error))
            # Some answers and not others would shift the mix, so it is all or none.
            return []

        if not reply.text.strip():
            continue

        # An answer that was cut off has no end to learn.
        complete = reply.finish_reason != "length"
        examples.append(ChatExample(messages, reply.text, split, complete))

    return examples

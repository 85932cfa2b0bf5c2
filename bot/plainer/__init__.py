"""Says the same in plainer blocks where Slack refuses the first form.

Slack accepts its newer blocks only in some places, clients and plans. Everything that is sent goes
through `fallback.Fallback`: a refused message, dialog, home or stream is sent again with other
blocks, in the end as plain text. No button or question is lost that a plainer block can hold.
"""

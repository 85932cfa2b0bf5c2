"""Erasure on request, retention, and removal of a whole workspace.

How long something is kept, and where that is done:

| what | setting | file | called by |
|---|---|---|---|
| texts, vectors | `retention_days` | `text_retention.py` | `housekeeping.py` |
| quotations, datasets | also `dataset_retention_days` | `text_retention.py` | the same |
| vectors no digest needs | `retention_days` | `workers/jobs/digest.py` | the weekly job |
| records without words | `record_…`, `audit_retention_days` | `record_retention.py` | the bot |
"""

"""Erasure on request, retention, and removal of a whole workspace.

How long something is kept, and where that is done:

| what | setting | file | called by |
|---|---|---|---|
| texts and their vectors | `retention_days` | `text_retention.py` | `housekeeping.py` |
| what quotes texts; rows of datasets | and `dataset_retention_days` | `text_retention.py` | the same |
| vectors that no digest needs | `retention_days` | `workers/jobs/digest.py` | the weekly job |
| records without words; audit | `record_retention_days`, `audit_…` | `record_retention.py` | the bot |
"""

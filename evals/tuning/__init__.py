"""Parts of the evaluations of tuned models: the essay's task and page, and the model server."""

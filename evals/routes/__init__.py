"""Parts of the evaluations of routes: a context with a real model, and the prompting ladder."""

"""Work at fixed intervals: on a thread, by one leader among all processes, once a week."""

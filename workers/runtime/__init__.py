"""Queue, leases, reaper, thread pool, periodic tasks, rate limits, the embedded Valkey."""

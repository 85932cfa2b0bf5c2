"""The product started on this machine for the benchmarks, and a slow network for it."""

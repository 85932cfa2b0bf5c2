"""The parts of the weekly drift watch: what is measured, one idea a file."""

"""Route versions, their transitions, shadow runs and artefacts."""

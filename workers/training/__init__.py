"""Training a version: teacher answers, replay data, subprocess, trainers."""

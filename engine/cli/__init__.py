"""The command line: each command turns arguments and streams into an exit code."""

"""Events that become rows before they are acknowledged."""

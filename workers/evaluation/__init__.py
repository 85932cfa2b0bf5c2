"""Running a version on examples, scoring it, comparing it with the live one."""

"""Walk tests and quarterly tests at the desk: the engineer's commands, their course, their records and when the next is due."""

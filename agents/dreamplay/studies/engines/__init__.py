"""What plays the tasks of a study: this process, several on this machine, or a cluster."""

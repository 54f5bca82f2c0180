"""What people write and what is kept: stories, personas, casts, events and the script, as frozen values."""

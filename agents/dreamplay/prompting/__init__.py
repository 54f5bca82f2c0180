"""The one place where a prompt is put together: the prompt, its window, the script's wording in it, and the desk."""

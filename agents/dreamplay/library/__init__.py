"""The files that ship with dreamplay or come from users: resources, YAML and templates."""

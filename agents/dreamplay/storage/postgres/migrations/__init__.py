"""The steps from an empty schema to the newest form, as `NUMBER_NAME.sql`. Each runs once, in one transaction."""

"""The page: `dreamplay open`. Everything here is built on what `import dreamplay` offers."""

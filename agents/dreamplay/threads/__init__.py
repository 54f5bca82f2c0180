"""What is open between the characters: questions, accusations, offers, promises and told secrets."""

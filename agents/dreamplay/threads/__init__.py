"""What is open between the characters: questions, requests, accusations, offers, promises and told secrets."""

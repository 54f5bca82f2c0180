"""What others have written becomes a story to write on: chats of SillyTavern, and scripts in Fountain."""

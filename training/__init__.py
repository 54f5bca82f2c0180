"""How the voice of the embedded model is made: written scenes, examples, training and evaluation. No part of dreamplay
needs it."""

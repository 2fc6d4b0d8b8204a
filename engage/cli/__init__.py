"""The commands, thin: they ask the composition root for what they need (`app`) and print it (`output`)."""

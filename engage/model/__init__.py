"""The nouns, frozen, and the rules that are about them alone. Everybody knows them; they know nobody."""

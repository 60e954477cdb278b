"""The core: facts in, judgement out. No clock, chance, socket, file or log."""

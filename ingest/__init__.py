"""The write shell: hears, checks who speaks, makes durable, acknowledges."""

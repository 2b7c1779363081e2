"""What every command stands in: settings, help, completion, terminal, output."""

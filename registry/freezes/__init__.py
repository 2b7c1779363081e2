"""Any day again: the registry's data as they stood at a moment, with the same views over them."""

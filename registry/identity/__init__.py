"""Who the children are: names and numbers, apart from what is known of their disease."""

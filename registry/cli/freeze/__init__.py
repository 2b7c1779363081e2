"""`registry freeze`: freezes, what lies between two, what one child is to them."""

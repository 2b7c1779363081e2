"""Single records: entered, listed, shown, amended, voided, brought back."""

"""Rows of text into the clinical tables: cast, held to every rule, merged; all or nothing."""

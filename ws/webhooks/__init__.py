"""News of the count, posted to addresses operators name: signed, in order, none skipped."""

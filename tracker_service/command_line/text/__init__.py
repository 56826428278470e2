"""What commands print: tables of several columns."""

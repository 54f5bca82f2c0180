"""The output formats that are shipped: one module for each kind of program that reads them."""

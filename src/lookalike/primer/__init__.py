"""The arithmetic of convolutional networks behind the numbers and figures of the report's primer."""

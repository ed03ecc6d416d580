"""What convolutional networks are made of, computed: the arithmetic behind the pictures of the report's primer."""

"""What networks and the ideas in them cost: weights, products, activations, time and memory."""

"""Costs of networks and of the ideas in them: parameters, multiply-accumulates, activations, time and memory."""

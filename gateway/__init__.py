"""The house: who may speak, what is decided, what is remembered, what is sent."""

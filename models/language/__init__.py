"""Write the equations of a model once, in Python: NumPy runs them, and the kernels get C made of the same text."""

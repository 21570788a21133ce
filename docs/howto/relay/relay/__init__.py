"""A thalamic relay as a component of cosim, and a translator from rates to currents."""

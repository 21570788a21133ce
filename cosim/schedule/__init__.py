"""Decide before a run how far each group may run ahead, and lead the groups through their windows."""

"""Carry frames between processes: within one, by MPI, later by ZeroMQ."""

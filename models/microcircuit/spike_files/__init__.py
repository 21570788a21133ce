"""Read spike files of our own and of others, and write SONATA's."""

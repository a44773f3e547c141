"""What all processes of one gateway share: one writer, many readers, no locks on the way of a read."""

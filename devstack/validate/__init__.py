"""The pre-check for producers: files of orders in, every fault with its line out."""

"""What a page shows of a sweep: cells to click, curves, clips to hear. It draws nothing."""
